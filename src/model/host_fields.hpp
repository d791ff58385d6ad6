#pragma once

#include "model/field_info.hpp"

#include <array>

namespace lxcmon {

/// The fields of the host and of the agent itself, rows of field_table (which see). They begin with those of
/// no measurement, because the ones of containers end with theirs. Sources:
/// Documentation/filesystems/proc.rst, admin-guide/iostats.rst, accounting/psi.rst of the kernel.
inline constexpr auto host_fields = [] {
    using namespace detail;
    return std::to_array<FieldInfo>({
        // Of no measurement: read for what is computed from them, never sent.
        {"", "host_free_bytes", i, "bytes", {}, {"proc/meminfo", "MemFree:", kib}},
        {"", "host_cached_bytes", i, "bytes", {}, {"proc/meminfo", "Cached:", kib}},
        {"", "host_buffers_bytes", i, "bytes", {}, {"proc/meminfo", "Buffers:", kib}},
        {"", "host_swap_bytes", i, "bytes", {}, {"proc/meminfo", "SwapTotal:", kib}},
        {"", "host_swap_free_bytes", i, "bytes", {}, {"proc/meminfo", "SwapFree:", kib}},

        {"host_cpu",
         "usage_usec",
         i,
         "us",
         {},
         {},
         "/proc/stat user, nice, system, irq and softirq; guests are in user and nice, steal is no use of "
         "ours"},
        {"host_cpu", "user_usec", i, "us", {}, {}, "/proc/stat user and nice"},
        {"host_cpu", "system_usec", i, "us", {}, {}, "/proc/stat system, irq and softirq"},
        {"host_cpu", "iowait_usec", i, "us", {}, {}, "/proc/stat iowait"},
        {"host_cpu", "steal_usec", i, "us", {}, {}, "/proc/stat steal"},
        {"host_cpu",
         "usage_percent",
         f,
         "% of one core",
         {},
         {},
         "growth of usage_usec over the last interval"},
        {"host_cpu", "cpus", i, "cores", {}, {}, "/proc/stat: CPUs that are online"},

        {"host_memory", "usage_bytes", i, "bytes", {}, {}, "/proc/meminfo MemTotal less MemFree"},
        {"host_memory", "used_bytes", i, "bytes", {}, {}, "usage_bytes less file_bytes"},
        {"host_memory", "available_bytes", i, "bytes", {}, {"proc/meminfo", "MemAvailable:", kib}},
        {"host_memory", "limit_bytes", i, "bytes", {}, {"proc/meminfo", "MemTotal:", kib}},
        {"host_memory", "anon_bytes", i, "bytes", {}, {"proc/meminfo", "AnonPages:", kib}},
        {"host_memory",
         "file_bytes",
         i,
         "bytes",
         {},
         {},
         "/proc/meminfo Cached and Buffers, shmem with them"},
        {"host_memory", "slab_bytes", i, "bytes", {}, {"proc/meminfo", "Slab:", kib}},
        {"host_memory", "shmem_bytes", i, "bytes", {}, {"proc/meminfo", "Shmem:", kib}},
        {"host_memory", "file_mapped_bytes", i, "bytes", {}, {"proc/meminfo", "Mapped:", kib}},
        {"host_memory", "file_dirty_bytes", i, "bytes", {}, {"proc/meminfo", "Dirty:", kib}},
        {"host_memory", "file_writeback_bytes", i, "bytes", {}, {"proc/meminfo", "Writeback:", kib}},
        {"host_memory", "pgfault", i, "", {}, {"proc/vmstat", "pgfault"}},
        {"host_memory", "pgmajfault", i, "", {}, {"proc/vmstat", "pgmajfault"}},
        {"host_memory", "oom_kill", i, "", {}, {"proc/vmstat", "oom_kill"}},
        {"host_memory",
         "swap_usage_bytes",
         i,
         "bytes",
         {},
         {},
         "/proc/meminfo SwapTotal less SwapFree, where there is swap"},
        {"host_memory",
         "swap_limit_bytes",
         i,
         "bytes",
         {},
         {},
         "/proc/meminfo SwapTotal, where there is swap"},
        {"host_memory", "used_percent", f, "% of the limit", {}, {}, "used_bytes of limit_bytes"},

        {"host_load", "load1", f, "", {}, {}, "/proc/loadavg"},
        {"host_load", "load5", f, "", {}, {}, "/proc/loadavg"},
        {"host_load", "load15", f, "", {}, {}, "/proc/loadavg"},
        {"host_load", "running", i, "", {}, {}, "/proc/loadavg: threads that run or could"},
        {"host_load", "threads", i, "", {}, {}, "/proc/loadavg"},

        {"host_io", "read_bytes", i, "bytes", {}, {}, "/proc/diskstats sectors read"},
        {"host_io", "write_bytes", i, "bytes", {}, {}, "/proc/diskstats sectors written"},
        {"host_io", "read_ops", i, "", {}, {}, "/proc/diskstats reads"},
        {"host_io", "write_ops", i, "", {}, {}, "/proc/diskstats writes"},
        {"host_io", "discard_bytes", i, "bytes", {}, {}, "/proc/diskstats sectors discarded"},
        {"host_io", "discard_ops", i, "", {}, {}, "/proc/diskstats discards"},

        {"host_net", "rx_bytes", i, "bytes", {}, {}, "IFLA_STATS64"},
        {"host_net", "tx_bytes", i, "bytes", {}, {}, "IFLA_STATS64"},
        {"host_net", "rx_packets", i, "", {}, {}, "IFLA_STATS64"},
        {"host_net", "tx_packets", i, "", {}, {}, "IFLA_STATS64"},
        {"host_net", "rx_errors", i, "", {}, {}, "IFLA_STATS64"},
        {"host_net", "tx_errors", i, "", {}, {}, "IFLA_STATS64"},
        {"host_net", "rx_dropped", i, "", {}, {}, "IFLA_STATS64"},
        {"host_net", "tx_dropped", i, "", {}, {}, "IFLA_STATS64"},
        {"host_net", "multicast", i, "", {}, {}, "IFLA_STATS64"},
        {"host_net", "mtu", i, "bytes", {}, {}, "IFLA_MTU"},
        {"host_net", "up", b, "", {}, {}, "IFF_UP and IFF_RUNNING"},

        {"host_pressure", "some_avg10", f, "% of time", {}, {}, "/proc/pressure/RESOURCE some avg10"},
        {"host_pressure", "some_avg60", f, "% of time", {}, {}, "/proc/pressure/RESOURCE some avg60"},
        {"host_pressure", "some_avg300", f, "% of time", {}, {}, "/proc/pressure/RESOURCE some avg300"},
        {"host_pressure", "some_total_usec", i, "us", {}, {}, "/proc/pressure/RESOURCE some total"},
        {"host_pressure", "full_avg10", f, "% of time", {}, {}, "/proc/pressure/RESOURCE full avg10"},
        {"host_pressure", "full_avg60", f, "% of time", {}, {}, "/proc/pressure/RESOURCE full avg60"},
        {"host_pressure", "full_avg300", f, "% of time", {}, {}, "/proc/pressure/RESOURCE full avg300"},
        {"host_pressure", "full_total_usec", i, "us", {}, {}, "/proc/pressure/RESOURCE full total"},

        {"host_fs", "total_bytes", i, "bytes", {}, {}, "statvfs f_blocks"},
        {"host_fs", "used_bytes", i, "bytes", {}, {}, "statvfs f_blocks less f_bfree"},
        {"host_fs", "free_bytes", i, "bytes", {}, {}, "statvfs f_bfree"},
        {"host_fs", "available_bytes", i, "bytes", {}, {}, "statvfs f_bavail"},
        {"host_fs", "used_percent", f, "%", {}, {}, "used of used and available, as df"},
        {"host_fs", "inodes_total", i, "", {}, {}, "statvfs f_files"},
        {"host_fs", "inodes_used", i, "", {}, {}, "statvfs f_files less f_ffree"},
        {"host_fs", "inodes_free", i, "", {}, {}, "statvfs f_ffree"},
        {"host_fs", "readonly", b, "", {}, {}, "statvfs ST_RDONLY"},

        {"lxcmon_push", "containers", i, "", {}, {}, "seen at this tick"},
        {"lxcmon_push", "points", i, "", {}, {}, "of this tick"},
        {"lxcmon_push", "tick_usec", i, "us", {}, {}, "the tick before"},
        {"lxcmon_push", "missed_ticks", i, "", {}, {}, "since the start"},
        {"lxcmon_push", "sample_errors", i, "", {}, {}, "containers that had trouble, since the start"},
        {"lxcmon_push", "queue_points", i, "", {}, {}, "waiting in memory"},
        {"lxcmon_push", "spool_bytes", i, "bytes", {}, {}, "waiting on disk"},
        {"lxcmon_push", "delivered_points", i, "", {}, {}, "since the start"},
        {"lxcmon_push", "rejected_points", i, "", {}, {}, "refused by the server, since the start"},
        {"lxcmon_push", "dropped_points", i, "", {}, {}, "beyond the bounds, since the start"},
        {"lxcmon_push", "retries", i, "", {}, {}, "since the start"},
        {"lxcmon_push", "last_status", i, "", {}, {}, "HTTP status of the last answer"},
        {"lxcmon_push", "cpu_usec", i, "us", {}, {}, "agent and helper"},
        {"lxcmon_push", "rss_bytes", i, "bytes", {}, {}, "agent and helper, /proc/PID/statm"},
    });
}();

} // namespace lxcmon
