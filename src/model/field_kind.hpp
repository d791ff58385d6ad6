// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/field_info.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace lxcmon {

namespace detail {
/// A name means the same in all measurements that have it.
inline constexpr auto counters = std::to_array<std::string_view>({
    "usage_usec",
    "user_usec",
    "system_usec",
    "iowait_usec",
    "steal_usec",
    "nr_periods",
    "nr_throttled",
    "throttled_usec",
    "nr_bursts",
    "burst_usec",
    "pgfault",
    "pgmajfault",
    "refault_anon",
    "refault_file",
    "pgscan",
    "pgsteal",
    "events_low",
    "events_high",
    "events_max",
    "oom",
    "oom_kill",
    "swap_events_max",
    "swap_events_fail",
    "read_bytes",
    "write_bytes",
    "read_ops",
    "write_ops",
    "discard_bytes",
    "discard_ops",
    "rx_bytes",
    "tx_bytes",
    "rx_packets",
    "tx_packets",
    "rx_errors",
    "tx_errors",
    "rx_dropped",
    "tx_dropped",
    "multicast",
    "some_total_usec",
    "full_total_usec",
    "restarts",
    "tcp_retrans_segs",
    "cpu_usec",
    "missed_ticks",
    "sample_errors",
    "delivered_points",
    "rejected_points",
    "dropped_points",
    "retries",
    "nice_usec",
    "irq_usec",
    "softirq_usec",
    "guest_usec",
    "guest_nice_usec",
    "idle_usec",
    "context_switches",
    "interrupts",
    "soft_interrupts",
    "pgpgin_bytes",
    "pgpgout_bytes",
    "pgfree",
    "read_usec",
    "write_usec",
    "busy_usec",
    "queue_usec",
    "read_merges",
    "write_merges",
    "discard_merges",
    "discard_usec",
    "flush_ops",
    "flush_usec",
    "pgpgin",
    "read_syscalls",
    "write_syscalls",
    "read_syscall_bytes",
    "write_syscall_bytes",
    "pgpgout",
});
} // namespace detail

/// True if the field only grows until what it counts starts again: a rate of it makes sense.
[[nodiscard]] constexpr bool is_counter(const FieldInfo& field) noexcept {
    return std::ranges::find(detail::counters, field.name) != detail::counters.end();
}

} // namespace lxcmon
