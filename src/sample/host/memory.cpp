// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/host/memory.hpp"

namespace lxcmon::sample {
namespace {

using Bytes = std::optional<std::int64_t>;

consteval FieldId memory_field(std::string_view name) {
    return field_id("host_memory", name);
}

Bytes difference(Bytes whole, Bytes part) noexcept {
    return whole && part && *whole >= *part ? Bytes(*whole - *part) : std::nullopt;
}

Bytes sum(Bytes one, Bytes other) noexcept {
    std::int64_t result = 0;
    return one && other && !__builtin_add_overflow(*one, *other, &result) ? Bytes(result) : std::nullopt;
}

} // namespace

std::vector<CgroupPlan::File> plan_host_files(const Selection& selection) {
    std::vector<CgroupPlan::File> files;
    for (FieldId field = 0; field < field_count; ++field)
        if (field_table[field].v2.is_of_host() && is_needed(field, selection))
            add_wanted(0, field_table[field].v2, field, files);
    return files;
}

void derive_host_memory(Readings& readings) noexcept {
    const auto set = [&](FieldId field, Bytes bytes) {
        if (bytes)
            readings.set(field, *bytes);
    };
    const Bytes limit = readings.integer(memory_field("limit_bytes"));
    const Bytes usage = difference(limit, readings.integer(field_id("", "host_free_bytes")));
    const Bytes file = sum(readings.integer(field_id("", "host_cached_bytes")),
                           readings.integer(field_id("", "host_buffers_bytes")));
    // As in derive_memory(): shmem and tmpfs can't be dropped, most of the reclaimable slabs can.
    const Bytes slab = readings.integer(field_id("", "host_reclaimable_bytes")).value_or(0);
    // ZFS's cache is in none of the kernel's figures for caches. It gives way down to c_min.
    const Bytes arc = difference(readings.integer(field_id("", "host_arc_bytes")),
                                 readings.integer(field_id("", "host_arc_min_bytes")))
                          .value_or(0);
    const Bytes cache = difference(file, readings.integer(memory_field("shmem_bytes")));
    const Bytes used = difference(usage, sum(cache, sum(slab, arc)));
    set(memory_field("usage_bytes"), usage);
    set(memory_field("file_bytes"), file);
    set(memory_field("used_bytes"), used);
    if (used && *limit > 0)
        readings.set(memory_field("used_percent"),
                     static_cast<double>(*used) * 100.0 / static_cast<double>(*limit));
    const Bytes swap = readings.integer(field_id("", "host_swap_bytes"));
    if (!swap || *swap == 0)
        return;
    set(memory_field("swap_limit_bytes"), swap);
    set(memory_field("swap_usage_bytes"),
        difference(swap, readings.integer(field_id("", "host_swap_free_bytes"))));
}

} // namespace lxcmon::sample
