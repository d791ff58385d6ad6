#pragma once

#include "model/readings.hpp"
#include "sample/cgroup/reader.hpp"

#include <vector>

namespace lxcmon::sample {

/// The host's files that `selection` wants keyed figures of, and which: /proc/meminfo, /proc/vmstat. For
/// take_fields().
[[nodiscard]] std::vector<CgroupPlan::File> plan_host_files(const Selection& selection);

/// Sets what host_memory has besides the kernel's own figures. used_bytes is usage less page cache, as in
/// lxc_memory. The swap's figures stay out where the host has none. A difference that would be negative is
/// left out.
void derive_host_memory(Readings& readings) noexcept;

} // namespace lxcmon::sample
