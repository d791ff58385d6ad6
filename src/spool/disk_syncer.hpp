// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace lxcmon::spool {

/// Runs fsync(2) in its own thread. On a busy disk fsync takes seconds; samples must reach at least the file
/// meanwhile, where they survive the end of the process.
class DiskSyncer {
  public:
    DiskSyncer();
    ~DiskSyncer(); ///< waits for all requests
    DiskSyncer(const DiskSyncer&) = delete;
    DiskSyncer& operator=(const DiskSyncer&) = delete;
    DiskSyncer(DiskSyncer&&) = delete;
    DiskSyncer& operator=(DiskSyncer&&) = delete;

    /// Requests an fsync(2) of this file or folder. `fd` is duplicated, and may be closed at once. Returns 0,
    /// or the errno of an earlier request that failed; each failure is returned once.
    [[nodiscard]] int later(int fd);
    /// True while requests are not done.
    [[nodiscard]] bool is_busy() const;
    /// How long the current fsync has taken so far; 0 if none runs.
    [[nodiscard]] std::chrono::steady_clock::duration busy_for() const;
    /// Waits until all requests are done.
    void wait();

  private:
    void run();

    mutable std::mutex mutex_; ///< protects the members below, except thread_
    std::condition_variable changed_;
    std::vector<io::UniqueFd> pending_;
    bool working_ = false;
    std::chrono::steady_clock::time_point since_; ///< while working_
    bool ending_ = false;
    int error_ = 0;
    std::thread thread_;
};

} // namespace lxcmon::spool
