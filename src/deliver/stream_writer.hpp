#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string_view>

namespace lxcmon::deliver {

/// Writes to what can't be taken back: a pipe, a terminal, a device. A reader that stands still is
/// waited for up to the time-out; what it has got by then is remembered and left out next time, so
/// that lines are neither torn nor doubled. One thread, except for set_deadline().
class StreamWriter {
  public:
    using Clock = std::chrono::steady_clock;

    explicit StreamWriter(std::chrono::milliseconds timeout)
        : timeout_(timeout) {}

    /// Borrows `fd`. Returns 0, or an errno: ETIMEDOUT where the reader stands still. After an error the
    /// next call continues with the same `text`, unless restart() was called.
    [[nodiscard]] int write(int fd, std::string_view text);
    void restart() noexcept { done_bytes_ = 0; }
    void set_deadline(Clock::time_point deadline) noexcept {
        deadline_ = deadline.time_since_epoch().count();
    }

  private:
    [[nodiscard]] int wait_for_room(int fd, Clock::time_point end) const;

    std::chrono::milliseconds timeout_;
    std::atomic<Clock::rep> deadline_{Clock::time_point::max().time_since_epoch().count()};
    std::size_t done_bytes_ = 0; ///< of a text that is not yet out
};

} // namespace lxcmon::deliver
