// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "push/option_table.hpp"

#include <span>

namespace lxcmon::push {

/// The options of what stays on this host: the JSON file, CSV files, metrics for Prometheus. A part of
/// option_table().
[[nodiscard]] std::span<const OptionRow> local_options() noexcept;

/// Checks that they do not contradict each other or the others. Throws app::BadSetting.
void check_local_options(const Config& config);

} // namespace lxcmon::push
