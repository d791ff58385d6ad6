// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/field_table.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace lxcmon;

namespace {

/// The data contract (docs/measurements.md) of the measurements from cgroups, namespaces and liblxc. A second
/// copy, so that a change of a name or type in the table fails a test.
const std::map<std::string_view, std::string_view> schema{
    {"lxc_cpu", "usage_usec i, user_usec i, system_usec i, usage_percent f, limit_cores f, own_limit_cores "
                "f, cpus i, nr_periods i, "
                "nr_throttled i, throttled_usec i, nr_bursts i, burst_usec i"},
    {"lxc_memory",
     "usage_bytes i, used_bytes i, working_set_bytes i, limit_bytes i, own_limit_bytes i, high_bytes i, "
     "peak_bytes i, "
     "anon_bytes i, file_bytes i, kernel_bytes i, slab_bytes i, sock_bytes i, shmem_bytes i, "
     "file_mapped_bytes i, file_dirty_bytes i, file_writeback_bytes i, pgfault i, pgmajfault i, refault_anon "
     "i, "
     "refault_file i, pgscan i, pgsteal i, events_low i, events_high i, events_max i, oom i, oom_kill i, "
     "swap_usage_bytes i, swap_limit_bytes i, own_swap_limit_bytes i, swap_peak_bytes i, swap_events_max i, "
     "swap_events_fail i, "
     "used_percent f, active_anon_bytes i, inactive_anon_bytes i, active_file_bytes i, "
     "inactive_file_bytes i, unevictable_bytes i, pgpgin i, pgpgout i"},
    {"lxc_io",
     "read_bytes i, write_bytes i, read_ops i, write_ops i, discard_bytes i, discard_ops i, device_path s"},
    {"lxc_net", "rx_bytes i, tx_bytes i, rx_packets i, tx_packets i, rx_errors i, tx_errors i, rx_dropped i, "
                "tx_dropped i, multicast i, mtu i, up b, host_interface s"},
    {"lxc_fs",
     "total_bytes i, used_bytes i, free_bytes i, available_bytes i, used_percent f, inodes_total i, "
     "inodes_used i, inodes_free i, readonly b, block_device s, shared b, disk_device s"},
    {"lxc_pids", "processes i, threads i, limit i, own_limit i, peak i, events_max i"},
    {"lxc_state",
     "state s, running b, frozen b, uptime_sec i, restarts i, init_pid i, lock s, tags s, onboot b, "
     "template b, cores i"},
    {"lxc_pressure", "some_avg10 f, some_avg60 f, some_avg300 f, some_total_usec i, full_avg10 f, full_avg60 "
                     "f, full_avg300 f, full_total_usec i"},
    {"lxc_hugetlb", "usage_bytes i, limit_bytes i, events_max i"},
    {"lxc_socket", "tcp_inuse i, tcp_tw i, udp_inuse i, sockets_used i, tcp_retrans_segs i"},
    {"lxc_process", "count i, cpu_usec i, rss_bytes i, threads i, read_bytes i, write_bytes i, "
                    "shared_bytes i, text_bytes i, data_bytes i, read_syscalls i, write_syscalls i, "
                    "read_syscall_bytes i, write_syscall_bytes i"},
    {"host_cpu",
     "usage_usec i, user_usec i, system_usec i, iowait_usec i, steal_usec i, usage_percent f, cpus i, "
     "nice_usec i, irq_usec i, softirq_usec i, guest_usec i, guest_nice_usec i, idle_usec i, "
     "context_switches i, interrupts i, soft_interrupts i"},
    {"host_memory", "usage_bytes i, used_bytes i, available_bytes i, limit_bytes i, anon_bytes i, file_bytes "
                    "i, slab_bytes i, "
                    "shmem_bytes i, file_mapped_bytes i, file_dirty_bytes i, file_writeback_bytes i, pgfault "
                    "i, pgmajfault i, oom_kill i, "
                    "swap_usage_bytes i, swap_limit_bytes i, used_percent f, active_anon_bytes i, "
                    "inactive_anon_bytes i, active_file_bytes i, inactive_file_bytes i, pgpgin_bytes i, "
                    "pgpgout_bytes i, pgfree i"},
    {"host_load", "load1 f, load5 f, load15 f, running i, threads i"},
    {"host_io",
     "read_bytes i, write_bytes i, read_ops i, write_ops i, discard_bytes i, discard_ops i, device_path s, "
     "read_usec i, write_usec i, busy_usec i, queue_usec i, in_flight i, read_merges i, write_merges i, "
     "discard_merges i, discard_usec i, flush_ops i, flush_usec i"},
    {"host_net", "rx_bytes i, tx_bytes i, rx_packets i, tx_packets i, rx_errors i, tx_errors i, rx_dropped "
                 "i, tx_dropped i, multicast i, mtu i, up b"},
    {"host_pressure", "some_avg10 f, some_avg60 f, some_avg300 f, some_total_usec i, full_avg10 f, "
                      "full_avg60 f, full_avg300 f, full_total_usec i"},
    {"host_fs", "total_bytes i, used_bytes i, free_bytes i, available_bytes i, used_percent f, inodes_total "
                "i, inodes_used i, inodes_free i, readonly b, block_device s"},
    {"lxcmon_push", "containers i, points i, tick_usec i, missed_ticks i, sample_errors i, queue_points i, "
                    "spool_bytes i, delivered_points i, rejected_points i, dropped_points i, retries i, "
                    "last_status i, cpu_usec i, rss_bytes i"},
};

std::map<std::string_view, std::string> table_as_schema() {
    std::map<std::string_view, std::string> found;
    for (const FieldInfo& field : field_table) {
        std::string& text = found[field.measurement];
        text += (text.empty() ? "" : ", ") + std::string(field.name) + " " +
                "ifbs"[static_cast<std::size_t>(field.type)];
    }
    return found;
}

bool ends_with_unit(const FieldInfo& field, std::string_view ending, std::string_view unit) {
    return !field.name.ends_with(ending) || field.unit.starts_with(unit);
}

} // namespace

TEST_CASE("the field table matches the schema: names, types, order") {
    auto found = table_as_schema();
    found.erase(""); // read only to compute other fields, never sent
    for (const auto& expected : schema) {
        CAPTURE(std::string(expected.first));
        CHECK(found[expected.first] == expected.second);
    }
    CHECK(found.size() == schema.size());
}

TEST_CASE("no field name occurs twice in a measurement") {
    std::set<std::pair<std::string_view, std::string_view>> names;
    for (const FieldInfo& field : field_table) {
        CAPTURE(std::string(field.name));
        CHECK(names.emplace(field.measurement, field.name).second);
    }
}

TEST_CASE("the rows of one measurement are adjacent") {
    std::set<std::string_view> ended;
    std::string_view current = field_table[0].measurement;
    for (const FieldInfo& field : field_table) {
        if (field.measurement == current)
            continue;
        ended.insert(current);
        current = field.measurement;
        CAPTURE(std::string(current));
        CHECK_FALSE(ended.contains(current));
    }
}

TEST_CASE("a range holds exactly the rows of its measurement") {
    constexpr FieldRange range = fields_of("lxc_io");
    CHECK(range.last - range.first == 7);
    CHECK(field_table[range.first].name == "read_bytes");
    CHECK(field_table[range.first - 1].measurement != "lxc_io");
    CHECK(field_table[range.last].measurement != "lxc_io");
    CHECK(field_table[field_id("lxc_fs", "used_bytes")].measurement == "lxc_fs");
}

TEST_CASE("the unit suffix of a name matches the unit of the row") {
    for (const FieldInfo& field : field_table) {
        CAPTURE(std::string(field.name));
        CHECK(ends_with_unit(field, "_bytes", "bytes"));
        CHECK(ends_with_unit(field, "_usec", "us"));
        CHECK(ends_with_unit(field, "_sec", "s"));
        CHECK(ends_with_unit(field, "_percent", "%"));
    }
}

TEST_CASE("fields from a file are integers, and a key has a file") {
    for (const FieldInfo& field : field_table)
        for (const CgroupSource& source : {field.v1, field.v2}) {
            CAPTURE(std::string(field.name));
            const bool key_has_file = source.key.empty() || !source.file.empty();
            const bool is_integer = source.file.empty() || field.type == FieldType::integer;
            CHECK(key_has_file);
            CHECK(is_integer);
        }
}

TEST_CASE("measurement_table has the measurements of field_table, in the same order") {
    std::vector<std::string_view> of_fields;
    for (const FieldInfo& field : field_table)
        if (!field.measurement.empty() && (of_fields.empty() || of_fields.back() != field.measurement))
            of_fields.push_back(field.measurement);
    std::vector<std::string_view> own;
    for (const MeasurementInfo& measurement : measurement_table)
        own.push_back(measurement.name);
    CHECK(own == of_fields);
}

TEST_CASE("each field has a source") {
    for (const FieldInfo& field : field_table) {
        CAPTURE(std::string(field.name));
        CHECK((field.source.empty() && field.v1.file.empty() && field.v2.file.empty()) == false);
    }
}
