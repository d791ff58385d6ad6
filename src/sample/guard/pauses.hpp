#pragma once

#include <cstdint>

namespace lxcmon::sample {

/// How long what hung is left alone.
inline constexpr std::int64_t hang_pause_ns = 300'000'000'000;
/// What takes so long would make the ticks late for all containers: it is asked seldom.
inline constexpr std::int64_t slow_nsec = 100'000'000;
inline constexpr std::int64_t slow_pause_ns = 60'000'000'000;

} // namespace lxcmon::sample
