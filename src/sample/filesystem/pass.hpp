// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sample/filesystem/container_filesystems.hpp"
#include "sample/guard/tick_clock.hpp"

#include <chrono>
#include <cstdint>
#include <vector>

namespace lxcmon::sample {

/// One scan of the filesystems of a container, or of the host.
struct FilesystemScan {
    ContainerFilesystems* filesystems = nullptr; ///< borrowed
    pid_t init_pid = 0;                          ///< 0: the host
    int init_pidfd = -1;                         ///< borrowed
    FieldRange measurement;
    std::span<const Tag> tags;
    const Managed* managed = nullptr; ///< borrowed; points view into it
};

/// The filesystem scans of one tick, the last work in it: first of all filesystems that are not expected to
/// hang, then of network filesystems and FUSE. If that takes too long, because of a hang or otherwise, the
/// remaining scans wait for the next tick. So a broken server that many containers share delays each tick by
/// a limited time only. The host goes first: `shared` of the containers' filesystems depends on it.
class FilesystemPass {
  public:
    /// `time_budget`: time that each of the two parts may take in a tick. The references are borrowed;
    /// points view into `devices`.
    FilesystemPass(std::chrono::nanoseconds time_budget, DeviceNames& devices, TickClock& clock) noexcept
        : time_budget_(time_budget)
        , devices_(devices)
        , clock_(clock) {}

    /// Begins the clock's tick. `interval`: time between two scans of a container.
    void begin(std::int64_t monotonic_ns, std::chrono::nanoseconds interval) noexcept;
    /// Adds the scan if it is due. `scan.filesystems` must live until run() has returned.
    void add(const FilesystemScan& scan);
    /// Runs the scans. The container that has waited longest goes first; containers that may hang go last.
    /// Without `with_risky` network filesystems and FUSE wait for the next tick.
    void run(NamespaceHelper& helper, bool with_risky, PointBuffer& points);

  private:
    /// Returns whether the time was enough for all.
    bool run_part(std::vector<FilesystemScan>& due, bool risky, NamespaceHelper& helper, PointBuffer& points);

    std::chrono::nanoseconds time_budget_;
    DeviceNames& devices_;
    TickClock& clock_;
    HostFilesystems host_;
    std::int64_t monotonic_ns_ = 0;
    std::chrono::nanoseconds interval_{};
    std::vector<FilesystemScan> safe_, risky_; ///< scans that are due
    std::vector<NamespaceHelper::Request> requests_;
};

} // namespace lxcmon::sample
