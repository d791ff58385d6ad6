// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "app/settings/parse.hpp"
#include "push/config.hpp"

#include <span>
#include <string>
#include <vector>

namespace lxcmon::push {

/// The options that a user has set and that have no effect beside the other settings, each with the reason:
/// "--json-file has no effect: ...". Not those of credential files and of the variables of other InfluxDB
/// tools, which a user may have set for those tools.
[[nodiscard]] std::vector<std::string> ignored_options(std::span<const app::Given> all, const Config& config);

} // namespace lxcmon::push
