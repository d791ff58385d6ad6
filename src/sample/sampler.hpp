// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/container.hpp"
#include "model/point.hpp"
#include "sample/filesystem/pass.hpp"
#include "sample/guard/container_names.hpp"
#include "sample/helper/client.hpp"
#include "sample/settings.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lxcmon::sample {

/// Consumes the points collected so far and empties the buffer with clear().
using TakePoints = std::function<void(PointBuffer& points)>;

/// What the parts of a sample took, in ns.
struct SampleTimes {
    std::int64_t values_ns = 0; ///< all that is not below
    std::int64_t links_ns = 0;  ///< waiting for the lists of interfaces
    std::int64_t filesystems_ns = 0;
};

class HostSampler;
struct CountPass;

/// Turns the host and the containers into points. Sampling thread only.
class Sampler {
  public:
    /// Reads the cgroup mounts and starts the helper process: construct it before any other thread starts.
    /// Throws std::system_error if /proc/self/mountinfo can't be read or no process can be started,
    /// std::runtime_error if no cgroup hierarchy is mounted.
    explicit Sampler(SampleSettings settings);
    ~Sampler();
    Sampler(const Sampler&) = delete;
    Sampler& operator=(const Sampler&) = delete;

    /// Adds the points of the host and of all containers, with the timestamp `tick_ns` (wall clock), unless
    /// they are late (SampleSettings::late_after). The points view into `containers` and into this: use them
    /// before either changes. A container's fault is logged when it begins and does not affect other
    /// containers. Returns the number of containers with a fault. `take`, if given, is called after about a
    /// hundred points, while they are in the CPU's cache; the last points stay in `points` for the caller.
    std::size_t sample(const std::vector<const Container*>& containers, std::int64_t tick_ns,
                       PointBuffer& points, const TakePoints& take = {});

    /// A sample that only gives the next one, soon after, its rates. It leaves out filesystems and process
    /// counts: these may be slow, and would not be due again in the next sample.
    void sample_for_rates(const std::vector<const Container*>& containers, std::int64_t tick_ns,
                          PointBuffer& points);

    /// The timestamp of a point that the caller adds now, after sample().
    [[nodiscard]] std::int64_t timestamp_now() noexcept;

    /// Of the last sample().
    [[nodiscard]] const SampleTimes& times() const noexcept { return times_; }

    [[nodiscard]] const Selection& selection() const noexcept { return settings_.selection; }

    /// "v1", "v2" or "hybrid".
    [[nodiscard]] std::string_view cgroup_version() const noexcept;
    /// What selected fields lack on this host, and what to do; empty if nothing. Reads a file.
    [[nodiscard]] std::string cgroup_trouble() const;

  private:
    struct Entry;
    void begin_round(const std::vector<const Container*>& containers, std::int64_t tick_ns,
                     PointBuffer& points);
    void add_stopped(const Container& container, Entry& entry, PointBuffer& points);
    Entry& entry_of(const Container& container);
    void forget_gone();
    void add_running(const Container& container, Entry& entry);
    void put_in_order();
    void sample_running(CountPass& pass, PointBuffer& points, const TakePoints& take);
    void start_links();
    void finish_links(PointBuffer& points, const TakePoints& take);
    void scan_filesystems(PointBuffer& points);

    SampleSettings settings_;
    std::unique_ptr<struct SampleContext> context_;
    std::unique_ptr<HostSampler> host_;
    NamespaceHelper helper_;
    std::map<std::uint64_t, std::unique_ptr<Entry>> entries_; ///< by Container::id
    GoneContainers gone_;
    std::vector<Entry*> running_;
    FilesystemPass filesystem_pass_;
    SeriesNames host_filesystem_names_;
    std::optional<ContainerFilesystems> host_filesystems_; ///< none unless host_fs is selected
    bool owes_risky_scan_ = false; ///< risky filesystems were skipped after a hang in this tick
    std::uint64_t round_ = 0;
    SampleTimes times_;
};

} // namespace lxcmon::sample
