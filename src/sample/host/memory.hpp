// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/readings.hpp"
#include "sample/cgroup/reader.hpp"

#include <vector>

namespace lxcmon::sample {

/// The host's keyed files (/proc/meminfo, /proc/vmstat, ZFS's arcstats) and the fields that `selection` needs
/// from each, for take_fields().
[[nodiscard]] std::vector<CgroupPlan::File> plan_host_files(const Selection& selection);

/// Sets the computed fields of host_memory. Their inputs must be in `readings` already. used_bytes is usage
/// minus what can be freed, as in lxc_memory. The swap fields are left out if the host has no swap. A
/// negative difference is left out.
void derive_host_memory(Readings& readings) noexcept;

} // namespace lxcmon::sample
