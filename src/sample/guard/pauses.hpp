// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>

namespace lxcmon::sample {

/// Pause after a hung scan.
inline constexpr std::int64_t hang_pause_ns = 300'000'000'000;
/// A scan that takes longer would delay the ticks of all containers: it pauses for slow_pause_ns.
inline constexpr std::int64_t slow_nsec = 100'000'000;
inline constexpr std::int64_t slow_pause_ns = 60'000'000'000;

} // namespace lxcmon::sample
