#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace lxcmon::sample {

/// How often a control file is read. Each read of one that is kept open costs about 2 us, nearly all of it
/// cache misses in the kernel: what is not read is the only thing that is cheap.
/// In the order of how often that is.
enum class Cadence : std::uint8_t {
    each_tick,
    on_change,  ///< when inotify says so; in between its figures are known, and are sent at each tick
    on_event,   ///< the same, and in turn, as the kernel does not tell of each event: of memory's since Linux
                ///< 6.18 not where it must not wait (mm/memcontrol.c), of pids' not with pids_localevents
    throttling, ///< each tick where CPU time is limited, as nothing moves it elsewhere; else seldom
    seldom,     ///< in its turn, see SampleSettings::seldom_interval; its figures are sent only then
};

namespace detail {
struct FileCadence {
    std::string_view file;
    Cadence v1, v2;
};

// memory.max and memory.high are not among them: inotify tells when a write(2) is over, and these are set at
// its beginning, before the memory that is too much is reclaimed, which takes long (mm/memcontrol.c). v1's
// memory.limit_in_bytes is set at its end.
// v1 has no events: pids.events has them on v2 alone (kernel/cgroup/pids.c). Those of memory.swap.events are
// told of memory.events before Linux 5.10 (8b21ca0218d2).
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

/// That of a file which the field table names; `unified`: of cgroup v2.
[[nodiscard]] constexpr Cadence cadence_of(std::string_view file, bool unified) noexcept {
    const auto* const at = std::ranges::find(detail::file_cadences, file, &detail::FileCadence::file);
    if (at == detail::file_cadences.end())
        return Cadence::each_tick;
    return unified ? at->v2 : at->v1;
}

} // namespace lxcmon::sample
