// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "push/config.hpp"

namespace lxcmon::push {

/// Options for InfluxDB that contradict each other. Throws app::BadSetting.
void check_influx_options(const Config& config);

} // namespace lxcmon::push
