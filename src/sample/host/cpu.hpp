#pragma once

#include "model/readings.hpp"

#include <string_view>

namespace lxcmon::sample {

/// Sets what host_cpu has from the text of /proc/stat (proc_stat(5)), but for usage_percent. Guests' time is
/// in `user` and `nice` already. Time stolen by a hypervisor is no use of this host's: it stands apart.
/// idle and iowait can go back a little on a tickless kernel, and are in no sum.
void parse_host_cpu(std::string_view stat, Readings& readings) noexcept;

} // namespace lxcmon::sample
