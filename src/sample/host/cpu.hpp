// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/readings.hpp"

#include <string_view>

namespace lxcmon::sample {

/// Sets the fields of host_cpu, except usage_percent, from the text of /proc/stat (proc_stat(5)). `user` and
/// `nice` already contain the time of guests. Time stolen by a hypervisor is separate and not in the usage.
/// idle and iowait can go back slightly on a tickless kernel, so no sum contains them.
void parse_host_cpu(std::string_view stat, Readings& readings) noexcept;

} // namespace lxcmon::sample
