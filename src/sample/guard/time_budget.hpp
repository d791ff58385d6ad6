#pragma once

#include <chrono>
#include <cstdint>

namespace lxcmon::sample {

/// For how long one kind of look may keep a tick waiting. Each container can be a little slower than it must
/// be, and so make the ticks late for all, and in the end the watchdog impatient: once the time is spent the
/// others wait for the next tick. A look that has begun may overrun it, by no more than its own deadline.
class TimeBudget {
  public:
    explicit TimeBudget(std::chrono::nanoseconds most) noexcept
        : most_ns_(most.count()) {}

    void renew() noexcept { spent_ns_ = 0; }
    void spend(std::int64_t nsec) noexcept { spent_ns_ += nsec; }
    [[nodiscard]] bool is_spent() const noexcept { return spent_ns_ >= most_ns_; }
    [[nodiscard]] std::int64_t most_msec() const noexcept { return most_ns_ / 1'000'000; }

  private:
    std::int64_t most_ns_;
    std::int64_t spent_ns_ = 0;
};

} // namespace lxcmon::sample
