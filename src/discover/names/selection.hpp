// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "discover/settings.hpp"

#include <string>

namespace lxcmon::discover {

/// True if `include` and `exclude` select this name.
[[nodiscard]] bool is_selected(const std::string& name, const DiscoverSettings& settings) noexcept;

} // namespace lxcmon::discover
