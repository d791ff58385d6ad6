#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lxcmon {

enum class FieldType : std::uint8_t { integer, floating, boolean, string };

/// How a number in a control file becomes the field's number.
enum class Reading : std::uint8_t {
    plain,        ///< as it stands
    limit,        ///< "max", -1 and v1's huge "unlimited" mean: no field
    nsec_to_usec, ///< nanoseconds in the file
    ticks_to_usec ///< USER_HZ clock ticks in the file
};

/// Where a field comes from: a control file in the container's cgroup, and a key in it where the file
/// is flat-keyed ("key value" a line). An empty file: not there in this cgroup version, or computed.
/// On v1 the controller is the file name's part before the first dot.
struct CgroupSource {
    std::string_view file{};
    std::string_view key{};
    Reading reading = Reading::plain;
};

struct FieldInfo {
    std::string_view measurement;
    std::string_view name;
    FieldType type;
    std::string_view unit; ///< "" for counts
    CgroupSource v1{};
    CgroupSource v2{};
};

namespace detail {
inline constexpr auto i = FieldType::integer;
inline constexpr auto f = FieldType::floating;
inline constexpr auto b = FieldType::boolean;
inline constexpr auto s = FieldType::string;
inline constexpr auto limit = Reading::limit;
inline constexpr auto nsec = Reading::nsec_to_usec;
inline constexpr auto ticks = Reading::ticks_to_usec;
} // namespace detail

/// Every field that SCHEMA.md names and this agent takes: the one place for its name, type, unit and source.
/// Sources: Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/{cpuacct,memory,blkio-controller,pids}.rst,
/// scheduler/sched-bwc.rst of the kernel. Rows of one measurement stand together.
inline constexpr auto field_table = [] {
    using namespace detail;
    return std::to_array<FieldInfo>({
        {"lxc_cpu", "usage_usec", i, "us", {"cpuacct.usage", "", nsec}, {"cpu.stat", "usage_usec"}},
        {"lxc_cpu", "user_usec", i, "us", {"cpuacct.stat", "user", ticks}, {"cpu.stat", "user_usec"}},
        {"lxc_cpu", "system_usec", i, "us", {"cpuacct.stat", "system", ticks}, {"cpu.stat", "system_usec"}},
        {"lxc_cpu", "usage_percent", f, "% of one core"},
        {"lxc_cpu", "limit_cores", f, "cores"},
        {"lxc_cpu", "cpus", i, "cores"},
        {"lxc_cpu", "nr_periods", i, "", {"cpu.stat", "nr_periods"}, {"cpu.stat", "nr_periods"}},
        {"lxc_cpu", "nr_throttled", i, "", {"cpu.stat", "nr_throttled"}, {"cpu.stat", "nr_throttled"}},
        {"lxc_cpu",
         "throttled_usec",
         i,
         "us",
         {"cpu.stat", "throttled_time", nsec},
         {"cpu.stat", "throttled_usec"}},
        {"lxc_cpu", "nr_bursts", i, "", {"cpu.stat", "nr_bursts"}, {"cpu.stat", "nr_bursts"}},
        {"lxc_cpu", "burst_usec", i, "us", {"cpu.stat", "burst_time", nsec}, {"cpu.stat", "burst_usec"}},

        {"lxc_memory", "usage_bytes", i, "bytes", {"memory.usage_in_bytes"}, {"memory.current"}},
        {"lxc_memory", "used_bytes", i, "bytes"},
        {"lxc_memory", "working_set_bytes", i, "bytes"},
        {"lxc_memory",
         "limit_bytes",
         i,
         "bytes",
         {"memory.limit_in_bytes", "", limit},
         {"memory.max", "", limit}},
        {"lxc_memory", "high_bytes", i, "bytes", {}, {"memory.high", "", limit}},
        {"lxc_memory", "peak_bytes", i, "bytes", {"memory.max_usage_in_bytes"}, {"memory.peak"}},
        {"lxc_memory", "anon_bytes", i, "bytes", {"memory.stat", "total_rss"}, {"memory.stat", "anon"}},
        {"lxc_memory", "file_bytes", i, "bytes", {"memory.stat", "total_cache"}, {"memory.stat", "file"}},
        {"lxc_memory", "kernel_bytes", i, "bytes", {"memory.kmem.usage_in_bytes"}, {"memory.stat", "kernel"}},
        {"lxc_memory", "slab_bytes", i, "bytes", {}, {"memory.stat", "slab"}},
        {"lxc_memory", "sock_bytes", i, "bytes", {"memory.kmem.tcp.usage_in_bytes"}, {"memory.stat", "sock"}},
        {"lxc_memory", "shmem_bytes", i, "bytes", {"memory.stat", "total_shmem"}, {"memory.stat", "shmem"}},
        {"lxc_memory",
         "file_mapped_bytes",
         i,
         "bytes",
         {"memory.stat", "total_mapped_file"},
         {"memory.stat", "file_mapped"}},
        {"lxc_memory",
         "file_dirty_bytes",
         i,
         "bytes",
         {"memory.stat", "total_dirty"},
         {"memory.stat", "file_dirty"}},
        {"lxc_memory",
         "file_writeback_bytes",
         i,
         "bytes",
         {"memory.stat", "total_writeback"},
         {"memory.stat", "file_writeback"}},
        {"lxc_memory", "pgfault", i, "", {"memory.stat", "total_pgfault"}, {"memory.stat", "pgfault"}},
        {"lxc_memory",
         "pgmajfault",
         i,
         "",
         {"memory.stat", "total_pgmajfault"},
         {"memory.stat", "pgmajfault"}},
        {"lxc_memory",
         "refault_anon",
         i,
         "",
         {"memory.stat", "total_workingset_refault_anon"},
         {"memory.stat", "workingset_refault_anon"}},
        {"lxc_memory",
         "refault_file",
         i,
         "",
         {"memory.stat", "total_workingset_refault_file"},
         {"memory.stat", "workingset_refault_file"}},
        {"lxc_memory", "pgscan", i, "", {}, {"memory.stat", "pgscan"}},
        {"lxc_memory", "pgsteal", i, "", {}, {"memory.stat", "pgsteal"}},
        {"lxc_memory", "events_low", i, "", {}, {"memory.events", "low"}},
        {"lxc_memory", "events_high", i, "", {}, {"memory.events", "high"}},
        {"lxc_memory", "events_max", i, "", {"memory.failcnt"}, {"memory.events", "max"}},
        {"lxc_memory", "oom", i, "", {}, {"memory.events", "oom"}},
        {"lxc_memory", "oom_kill", i, "", {"memory.oom_control", "oom_kill"}, {"memory.events", "oom_kill"}},
        {"lxc_memory",
         "swap_usage_bytes",
         i,
         "bytes",
         {"memory.stat", "total_swap"},
         {"memory.swap.current"}},
        {"lxc_memory", "swap_limit_bytes", i, "bytes", {}, {"memory.swap.max", "", limit}},
        {"lxc_memory", "swap_peak_bytes", i, "bytes", {}, {"memory.swap.peak"}},
        {"lxc_memory", "swap_events_max", i, "", {}, {"memory.swap.events", "max"}},
        {"lxc_memory", "swap_events_fail", i, "", {}, {"memory.swap.events", "fail"}},
        {"lxc_memory", "used_percent", f, "% of the limit"},

        {"lxc_io", "read_bytes", i, "bytes"},
        {"lxc_io", "write_bytes", i, "bytes"},
        {"lxc_io", "read_ops", i, ""},
        {"lxc_io", "write_ops", i, ""},
        {"lxc_io", "discard_bytes", i, "bytes"},
        {"lxc_io", "discard_ops", i, ""},

        {"lxc_net", "rx_bytes", i, "bytes"},
        {"lxc_net", "tx_bytes", i, "bytes"},
        {"lxc_net", "rx_packets", i, ""},
        {"lxc_net", "tx_packets", i, ""},
        {"lxc_net", "rx_errors", i, ""},
        {"lxc_net", "tx_errors", i, ""},
        {"lxc_net", "rx_dropped", i, ""},
        {"lxc_net", "tx_dropped", i, ""},
        {"lxc_net", "multicast", i, ""},
        {"lxc_net", "mtu", i, "bytes"},
        {"lxc_net", "up", b, ""},
        {"lxc_net", "host_interface", s, ""},

        {"lxc_fs", "total_bytes", i, "bytes"},
        {"lxc_fs", "used_bytes", i, "bytes"},
        {"lxc_fs", "free_bytes", i, "bytes"},
        {"lxc_fs", "available_bytes", i, "bytes"},
        {"lxc_fs", "used_percent", f, "%"},
        {"lxc_fs", "inodes_total", i, ""},
        {"lxc_fs", "inodes_used", i, ""},
        {"lxc_fs", "inodes_free", i, ""},
        {"lxc_fs", "readonly", b, ""},

        {"lxc_pids", "processes", i, ""},
        {"lxc_pids", "threads", i, "", {"pids.current"}, {"pids.current"}},
        {"lxc_pids", "limit", i, "", {"pids.max", "", limit}, {"pids.max", "", limit}},
        {"lxc_pids", "peak", i, "", {"pids.peak"}, {"pids.peak"}},
        {"lxc_pids", "events_max", i, "", {"pids.events", "max"}, {"pids.events", "max"}},

        {"lxc_state", "state", s, ""},
        {"lxc_state", "running", b, ""},
        {"lxc_state", "frozen", b, ""},
        {"lxc_state", "uptime_sec", i, "s"},
        {"lxc_state", "restarts", i, ""},
        {"lxc_state", "init_pid", i, ""},

        {"lxcmon_push", "containers", i, ""},
        {"lxcmon_push", "points", i, ""},
        {"lxcmon_push", "tick_usec", i, "us"},
        {"lxcmon_push", "missed_ticks", i, ""},
        {"lxcmon_push", "sample_errors", i, ""},
        {"lxcmon_push", "queue_points", i, ""},
        {"lxcmon_push", "spool_bytes", i, "bytes"},
        {"lxcmon_push", "delivered_points", i, ""},
        {"lxcmon_push", "rejected_points", i, ""},
        {"lxcmon_push", "dropped_points", i, ""},
        {"lxcmon_push", "retries", i, ""},
        {"lxcmon_push", "last_status", i, ""},
        {"lxcmon_push", "cpu_usec", i, "us"},
        {"lxcmon_push", "rss_bytes", i, "bytes"},

        // Of no measurement: read for what is computed from it, never sent.
        {"",
         "inactive_file_bytes",
         i,
         "bytes",
         {"memory.stat", "total_inactive_file"},
         {"memory.stat", "inactive_file"}},
    });
}();

inline constexpr std::size_t field_count = field_table.size();

/// A row of the table.
using FieldId = std::size_t;

/// The row of a field; a name that the table lacks does not compile.
consteval FieldId field_id(std::string_view measurement, std::string_view name) {
    for (FieldId id = 0; id < field_count; ++id)
        if (field_table[id].measurement == measurement && field_table[id].name == name)
            return id;
    throw "no such field in field_table";
}

/// The first row of a measurement, and the one behind its last.
struct FieldRange {
    FieldId first = field_count;
    FieldId last = field_count;
};

consteval FieldRange fields_of(std::string_view measurement) {
    FieldRange range;
    for (FieldId id = field_count; id-- > 0;) {
        if (field_table[id].measurement != measurement)
            continue;
        if (range.first == field_count)
            range.last = id + 1;
        range.first = id;
    }
    if (range.first == field_count)
        throw "no such measurement in field_table";
    return range;
}

} // namespace lxcmon
