// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/container.hpp"
#include "sample/device/names.hpp"
#include "sample/filesystem/host_filesystems.hpp"
#include "sample/filesystem/points.hpp"
#include "sample/guard/fault.hpp"
#include "sample/guard/schedule.hpp"
#include "sample/guard/series_names.hpp"
#include "sample/guard/tick_clock.hpp"
#include "sample/helper/client.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::sample {

/// State of the filesystems of one start of a container, or of the host. Decides when they are scanned and
/// which are left alone after a hang, and logs each problem once. Sampling thread only; the times are passed
/// in. Times named `monotonic_ns` are CLOCK_MONOTONIC, `wall_ns` is the tick's wall-clock time.
class ContainerFilesystems {
  public:
    using Outcome = NamespaceHelper::Outcome;

    /// `subject` begins the log lines: "container NAME" or "the host". `id`: see StaggeredSchedule. `names`
    /// is borrowed. `place` names the container for NamespaceHelper::Request::subject.
    ContainerFilesystems(std::string subject, std::uint64_t id, SeriesNames& names, std::string place = {});

    [[nodiscard]] const std::string& place() const noexcept { return place_; }
    /// Whether scans are paused after a hang or a slow scan, or while killed helpers have not ended.
    [[nodiscard]] bool pauses(std::int64_t monotonic_ns) const noexcept {
        return monotonic_ns < again_ns_ || io::WorkerProcess::is_blocked(place_, part_mount_list);
    }
    /// Whether a scan is due at the tick of `wall_ns` and scans are not paused.
    [[nodiscard]] bool is_due(std::int64_t wall_ns, std::int64_t monotonic_ns,
                              std::chrono::nanoseconds interval) const noexcept;
    /// CLOCK_MONOTONIC time of the last scan of that kind that succeeded, INT64_MIN if there is none. The
    /// container with the earliest time goes first.
    [[nodiscard]] std::int64_t last_scan_ns(bool risky) const noexcept { return scanned_ns_[risky ? 1 : 0]; }
    /// Whether the last scan found risky filesystems that still need a risky scan.
    [[nodiscard]] bool needs_risky_scan() const noexcept { return needs_risky_scan_; }
    /// Whether a scan has hung or been slow, or is likely to. Such containers are scanned last.
    [[nodiscard]] bool may_hang() const noexcept { return has_hung_ || logged_slow_ || root_may_hang_; }

    /// Fills in the request, with the filesystems to leave alone. The scan with `risky` false reads
    /// filesystems that are not expected to hang. The `risky` scan follows after the first scan of all
    /// containers.
    void prepare(NamespaceRequest& request, bool risky, std::int64_t monotonic_ns);

    /// Destination of the points.
    struct PointSink {
        FieldRange measurement; ///< lxc_fs or host_fs
        std::span<const Tag> tags;
        TickTime time;        ///< of the answer
        DeviceNames& devices; ///< points view into it
        PointBuffer& points;
        HostFilesystems& host;            ///< a scan of the host is noted in it
        const Managed* managed = nullptr; ///< points view into it
    };
    /// Takes the answer to the last prepared request, and adds a point for each filesystem. `hang` is used
    /// for Outcome::hung only.
    void take(Outcome outcome, const FilesystemReply& reply, const HangPlace& hang, std::int64_t monotonic_ns,
              const PointSink& sink);

    /// Whether the last scans were complete.
    [[nodiscard]] bool is_well() const noexcept {
        return !is_unavailable_ && !io::WorkerProcess::is_blocked(place_, part_mount_list) &&
               faults_[0].is_none() && faults_[1].is_none() && left_alone_.empty() && !list_hung_;
    }

  private:
    struct LeftAlone {
        std::uint64_t device;
        std::string mount_point;
        bool is_risky; ///< read by the risky scan
        std::int64_t until_ns;
    };

    [[nodiscard]] bool is_left_alone(const LeftAlone& each, std::int64_t monotonic_ns) const noexcept;
    void take_hang(const HangPlace& hang, std::int64_t monotonic_ns);
    void take_answers(const FilesystemReply& reply, bool risky);
    void note_slow(const FilesystemReply& reply, std::int64_t monotonic_ns);
    void add_points(const FilesystemReply& reply, std::int64_t monotonic_ns, const PointSink& sink);
    void begin_host_scan(const FilesystemReply& reply, HostFilesystems& host) const noexcept;
    void log_left_out(const FilesystemReply& reply, const Filesystem* same_name);
    [[nodiscard]] Fault& fault() noexcept { return faults_[asked_risky_ ? 1 : 0]; }
    [[nodiscard]] std::string fault_of(const FilesystemReply& reply) const;

    std::string subject_, place_;
    StaggeredSchedule schedule_;
    std::int64_t again_ns_ = INT64_MIN; ///< end of a pause, CLOCK_MONOTONIC
    std::array<std::int64_t, 2> scanned_ns_{INT64_MIN, INT64_MIN};
    std::int64_t asked_ns_ = 0;
    bool asked_risky_ = false;
    bool needs_risky_scan_ = false;
    std::vector<LeftAlone> left_alone_; ///< filesystems that hung, until they answer again
    SeriesNames& names_;
    std::string name_;            ///< buffer for a name
    std::array<Fault, 2> faults_; ///< of the first and of the risky scan
    bool has_hung_ = false, root_may_hang_ = false;
    bool list_hung_ = false;
    bool is_unavailable_ = false; ///< no helper could be started for the last scan
    bool logged_slow_ = false, logged_left_out_ = false;
};

} // namespace lxcmon::sample
