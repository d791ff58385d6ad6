#pragma once

#include "sample/filesystem/container_filesystems.hpp"

#include <chrono>
#include <cstdint>
#include <vector>

namespace lxcmon::sample {

/// A look at the filesystems of one container, or of the host.
struct FilesystemScan {
    ContainerFilesystems* watch = nullptr;
    pid_t init_pid = 0;  ///< 0: the host
    int init_pidfd = -1; ///< borrowed
    FieldRange measurement;
    std::span<const Tag> tags;
};

/// The looks of one tick, behind everything else in it: first at all filesystems that can't be expected to
/// hang, then at network filesystems and FUSE. Where that takes too long, be it by one that hangs, what is
/// left waits for the next tick: so a broken server that many containers share costs each tick no more than
/// that.
class FilesystemPass {
  public:
    /// `most`: for how long it may keep a tick waiting, once for each of both.
    explicit FilesystemPass(std::chrono::nanoseconds most) noexcept
        : most_(most) {}

    void begin(std::int64_t wall_ns, std::int64_t monotonic_ns, std::chrono::nanoseconds interval) noexcept;
    /// Where it is due. `look.watch` must live until run() has returned.
    void add(const FilesystemScan& scan);
    /// Makes the looks: containers that have hung last, else those first that have waited longest. Without
    /// `with_risky` network filesystems and FUSE wait for the next tick.
    void run(NamespaceHelper& helper, bool with_risky, PointBuffer& points);

  private:
    /// Returns whether there was time enough for all.
    bool run_part(std::vector<FilesystemScan>& due, bool risky, NamespaceHelper& helper, PointBuffer& points);

    std::chrono::nanoseconds most_;
    std::int64_t wall_ns_ = 0, monotonic_ns_ = 0;
    std::chrono::nanoseconds interval_{};
    std::vector<FilesystemScan> safe_, risky_; ///< those whose look of that kind is due
    std::vector<NamespaceHelper::Request> requests_;
};

} // namespace lxcmon::sample
