// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace lxcmon::sample {

/// How often a control file is read, most frequent first. Each read of an open file costs about 2 us, nearly
/// all of it cache misses in the kernel: only skipping the read saves time.
enum class Cadence : std::uint8_t {
    each_tick,
    on_change,  ///< when inotify reports a change; the known values are still sent at each tick
    on_event,   ///< on_change and seldom, because the kernel does not report each event: not memory's in a
                ///< context that must not wait, since 6.18 (mm/memcontrol.c); not pids' with pids_localevents
    throttling, ///< each tick if CPU time is limited (otherwise the values do not change), else seldom
    seldom,     ///< every SampleSettings::seldom_interval; the values are sent only then
};

namespace detail {
struct FileCadence {
    std::string_view file;
    Cadence v1, v2;
};

// memory.max and memory.high are missing here: inotify reports the end of a write(2), but the kernel sets
// these limits at its start, before it reclaims the excess memory, which takes long (mm/memcontrol.c). v1's
// memory.limit_in_bytes is set at the end.
// v1 reports no events: pids.events has them on v2 only (kernel/cgroup/pids.c). Before Linux 5.10, events of
// memory.swap.events were reported for memory.events (8b21ca0218d2).
inline constexpr auto file_cadences = std::to_array<FileCadence>({
    {"memory.limit_in_bytes", Cadence::on_change, {}},
    {"memory.swap.max", {}, Cadence::on_change},
    {"memory.events", {}, Cadence::on_event},
    {"memory.swap.events", {}, Cadence::seldom},
    {"pids.max", Cadence::on_change, Cadence::on_change},
    {"pids.events", Cadence::seldom, Cadence::on_event},
    {"pids.peak", Cadence::seldom, Cadence::seldom},
    {"memory.peak", {}, Cadence::seldom},
    {"memory.swap.peak", {}, Cadence::seldom},
    {"memory.max_usage_in_bytes", Cadence::seldom, {}},
    {"memory.kmem.usage_in_bytes", Cadence::seldom, {}},
    {"memory.failcnt", Cadence::seldom, {}},
    {"cpu.stat", Cadence::throttling, Cadence::each_tick},
});
} // namespace detail

/// The cadence of a control file from the field table. `unified`: the file is of cgroup v2.
[[nodiscard]] constexpr Cadence cadence_of(std::string_view file, bool unified) noexcept {
    const auto* const at = std::ranges::find(detail::file_cadences, file, &detail::FileCadence::file);
    if (at == detail::file_cadences.end())
        return Cadence::each_tick;
    return unified ? at->v2 : at->v1;
}

} // namespace lxcmon::sample
