// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/cgroup/memory.hpp"

namespace lxcmon::sample {

void derive_memory(Readings& readings) noexcept {
    const auto usage = readings.integer(field_id("lxc_memory", "usage_bytes"));
    const auto file = readings.integer(field_id("lxc_memory", "file_bytes"));
    const auto shmem = readings.integer(field_id("lxc_memory", "shmem_bytes"));
    const auto limit = readings.integer(field_id("lxc_memory", "limit_bytes"));
    const auto inactive = readings.integer(field_id("lxc_memory", "inactive_file_bytes"));
    if (usage && inactive && *usage >= *inactive)
        readings.set(field_id("lxc_memory", "working_set_bytes"), *usage - *inactive);
    // The kernel counts shmem and tmpfs as page cache, but can't drop them: without swap they end in an OOM
    // kill. Of its own memory it frees dentries and inodes; cgroup v1 does not say how much that is.
    const std::int64_t slab = readings.integer(field_id("", "slab_reclaimable_bytes")).value_or(0);
    if (!usage || !file || !shmem || *file < *shmem || *usage < *file - *shmem ||
        *usage - (*file - *shmem) < slab)
        return;
    const std::int64_t used = *usage - (*file - *shmem) - slab;
    readings.set(field_id("lxc_memory", "used_bytes"), used);
    if (limit && *limit > 0)
        readings.set(field_id("lxc_memory", "used_percent"),
                     static_cast<double>(used) * 100.0 / static_cast<double>(*limit));
}

} // namespace lxcmon::sample
