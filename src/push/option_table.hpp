// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "app/settings/option.hpp"
#include "push/config.hpp"

#include <span>

namespace lxcmon::push {

using OptionRow = app::OptionRow<Config>;

/// All options of lxcmon-push.
[[nodiscard]] std::span<const OptionRow> option_table() noexcept;

} // namespace lxcmon::push
