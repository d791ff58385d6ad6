#pragma once

#include "bad_setting.hpp"
#include "config.hpp"
#include "option.hpp"

#include <span>
#include <string>
#include <string_view>

namespace lxcmon {

using OptionRow = BasicOptionRow<Config>;

[[nodiscard]] std::span<const OptionRow> option_table() noexcept;

/// LXCMON_INFLUX_URL for influx-url.
[[nodiscard]] std::string environment_name(std::string_view option);

} // namespace lxcmon
