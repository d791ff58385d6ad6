// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstdint>

namespace lxcmon::sample {

/// How long one kind of scan may delay a tick. Many slightly slow containers could otherwise delay the ticks
/// until the watchdog fires. Once the time is spent, the remaining containers wait for the next tick. A scan
/// that has begun may overrun the budget by at most its own deadline.
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
