#pragma once

#include "app/settings/bad_setting.hpp"
#include "app/settings/option.hpp"
#include "push/config.hpp"

#include <span>
#include <string>
#include <string_view>

namespace lxcmon::push {

using OptionRow = app::BasicOptionRow<Config>;

[[nodiscard]] std::span<const OptionRow> option_table() noexcept;

/// LXCMON_INFLUX_URL for influx-url.
[[nodiscard]] std::string environment_name(std::string_view option);

} // namespace lxcmon::push
