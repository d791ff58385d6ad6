#pragma once

#include "sample/filesystem/points.hpp"
#include "sample/guard/distinct_names.hpp"
#include "sample/guard/fault.hpp"
#include "sample/guard/schedule.hpp"
#include "sample/helper/client.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lxcmon::sample {

/// What is known of the filesystems of one start of a container, or of the host: when they are looked at,
/// which are left alone, and what has been said of them. Sampling thread only; the times are passed in.
class ContainerFilesystems {
  public:
    using Outcome = NamespaceHelper::Outcome;

    /// `who` begins the log lines: "container NAME", "the host". `id`: see Turn.
    ContainerFilesystems(std::string who, std::uint64_t id);

    /// Whether it is left alone, after a hang or as it is slow.
    [[nodiscard]] bool pauses(std::int64_t monotonic_ns) const noexcept { return monotonic_ns < again_ns_; }
    /// Whether it is its turn at the tick of `wall_ns`, and it is not left alone.
    [[nodiscard]] bool is_due(std::int64_t wall_ns, std::int64_t monotonic_ns,
                              std::chrono::nanoseconds interval) const noexcept;
    /// When the last look of that kind that succeeded was, by CLOCK_MONOTONIC: who has waited longest goes
    /// first. INT64_MIN: none has.
    [[nodiscard]] std::int64_t last_scan_ns(bool risky) const noexcept { return scanned_ns_[risky ? 1 : 0]; }
    /// Whether the look that was last taken in has left filesystems over for another one that is risky.
    [[nodiscard]] bool owes_risky() const noexcept { return owes_risky_; }
    /// Whether looking at its files has hung, or has been slow, or well may.
    [[nodiscard]] bool may_hang() const noexcept { return has_hung_ || said_slow_ || root_may_hang_; }

    /// Writes into the request what is not to be touched now. First those are looked at that can't be
    /// expected to hang; the `risky` ones when all containers have had their first look.
    void prepare(NamespaceRequest& request, bool risky, std::int64_t monotonic_ns);

    /// Where points go, and as what.
    struct PointSink {
        FieldRange measurement; ///< lxc_fs or host_fs
        std::span<const Tag> tags;
        std::int64_t wall_ns;
        PointBuffer& points;
    };
    /// Takes the answer to the last request prepared, and adds a point for each filesystem. `hang` counts
    /// with Outcome::hung.
    void take(Outcome outcome, const FilesystemReply& reply, const HangPlace& hang, std::int64_t monotonic_ns,
              const PointSink& target);

    /// Whether nothing has kept the figures of the last look from being whole.
    [[nodiscard]] bool is_well() const noexcept {
        return faults_[0].is_none() && faults_[1].is_none() && left_alone_.empty() && !list_hung_;
    }

  private:
    struct LeftAlone {
        std::uint64_t device;
        std::string mount_point;
        bool is_risky; ///< it belongs to the risky look
        std::int64_t until_ns;
    };

    void take_hang(const HangPlace& hang, std::int64_t monotonic_ns);
    void take_answers(const FilesystemReply& reply, bool risky);
    void note_slow(const FilesystemReply& reply, std::int64_t monotonic_ns);
    void add_points(const FilesystemReply& reply, const PointSink& target);
    [[nodiscard]] Fault& fault() noexcept { return faults_[asked_risky_ ? 1 : 0]; }
    [[nodiscard]] std::string fault_of(const FilesystemReply& reply) const;

    std::string who_;
    StaggeredSchedule turn_;
    std::int64_t again_ns_ = INT64_MIN; ///< CLOCK_MONOTONIC before which nothing is looked at
    std::array<std::int64_t, 2> scanned_ns_{INT64_MIN, INT64_MIN};
    std::int64_t asked_ns_ = 0;
    bool asked_risky_ = false;
    bool owes_risky_ = false;
    std::vector<LeftAlone> left_alone_; ///< what hung, until it has answered again
    DistinctNames names_;
    std::string name_;            ///< the one looked for in them, kept so that nothing is allocated
    std::array<Fault, 2> faults_; ///< of the first look and of the risky one
    bool has_hung_ = false, root_may_hang_ = false;
    bool list_hung_ = false;
    bool said_slow_ = false, said_left_out_ = false, said_names_ = false;
};

} // namespace lxcmon::sample
