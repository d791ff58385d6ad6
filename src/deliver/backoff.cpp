// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/backoff.hpp"

#include <algorithm>
#include <random>
#include <utility>

namespace lxcmon::deliver {

Backoff::Backoff(Milliseconds first, Milliseconds most, Random random)
    : first_(std::min(first, most))
    , most_(most)
    , due_(first_)
    , random_(std::move(random)) {}

Backoff::Milliseconds Backoff::next() {
    const auto half = due_ / 2;
    const auto jitter = random_() * static_cast<double>((due_ - half).count());
    due_ = std::min(due_ * 2, most_);
    return half + Milliseconds(static_cast<Milliseconds::rep>(jitter));
}

Backoff::Random Backoff::system_random() {
    return [engine = std::mt19937(std::random_device{}())]() mutable {
        return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
    };
}

} // namespace lxcmon::deliver
