#pragma once

#include "model/readings.hpp"

#include <string_view>

namespace lxcmon::sample {

/// Sets host_load from the text of /proc/loadavg (proc_loadavg(5)); nothing where that is not as expected.
void parse_host_load(std::string_view loadavg, Readings& readings) noexcept;

} // namespace lxcmon::sample
