// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "push/config.hpp"

namespace lxcmon::push {

/// Checks that the options for InfluxDB do not contradict each other. Throws app::BadSetting.
void check_influx_options(const Config& config);

} // namespace lxcmon::push
