// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string_view>

namespace lxcmon::deliver {

/// Writes to a pipe, a terminal or a device, where written bytes can't be removed again. Waits up to the
/// time-out for a reader that does not read. The next call skips the bytes already written, so that no line
/// is torn or sent twice. One thread, except for set_deadline().
class StreamWriter {
  public:
    using Clock = std::chrono::steady_clock;

    explicit StreamWriter(std::chrono::milliseconds timeout)
        : timeout_(timeout) {}

    /// Does not own `fd`. Returns 0 or an errno: ETIMEDOUT if the reader does not read. After an error the
    /// next call must have the same `text` and continues it, unless restart() was called.
    [[nodiscard]] int write(int fd, std::string_view text);
    void restart() noexcept { done_bytes_ = 0; }
    void set_deadline(Clock::time_point deadline) noexcept {
        deadline_ = deadline.time_since_epoch().count();
    }

  private:
    [[nodiscard]] int wait_for_room(int fd, Clock::time_point end) const;

    std::chrono::milliseconds timeout_;
    std::atomic<Clock::rep> deadline_{Clock::time_point::max().time_since_epoch().count()};
    std::size_t done_bytes_ = 0; ///< bytes written of the current text
};

} // namespace lxcmon::deliver
