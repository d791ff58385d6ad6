#pragma once

#include "io/unique_fd.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace lxcmon::spool {

/// Brings files to the disk in a thread of its own: on a busy disk that takes seconds, and what was sampled
/// meanwhile must get at least into the file, where it survives the end of the process.
class DiskSyncer {
  public:
    DiskSyncer();
    ~DiskSyncer(); ///< waits for what was asked for
    DiskSyncer(const DiskSyncer&) = delete;
    DiskSyncer& operator=(const DiskSyncer&) = delete;
    DiskSyncer(DiskSyncer&&) = delete;
    DiskSyncer& operator=(DiskSyncer&&) = delete;

    /// Asks for an fsync(2) of this file or folder; `fd` is borrowed, and may be closed at once. Returns 0,
    /// or the errno of an earlier one that failed, once.
    [[nodiscard]] int later(int fd);
    /// Something asked for is not done yet.
    [[nodiscard]] bool is_busy() const;
    /// How long the disk has been at it by now; 0 where it is not.
    [[nodiscard]] std::chrono::steady_clock::duration busy_for() const;
    void wait();

  private:
    void run();

    mutable std::mutex mutex_; ///< for those below
    std::condition_variable changed_;
    std::vector<io::UniqueFd> asked_;
    bool working_ = false;
    std::chrono::steady_clock::time_point since_; ///< while working_
    bool ending_ = false;
    int error_ = 0;
    std::thread thread_;
};

} // namespace lxcmon::spool
