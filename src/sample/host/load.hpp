// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/readings.hpp"

#include <string_view>

namespace lxcmon::sample {

/// Sets host_load from the text of /proc/loadavg (proc_loadavg(5)); nothing if the text is unexpected.
void parse_host_load(std::string_view loadavg, Readings& readings) noexcept;

} // namespace lxcmon::sample
