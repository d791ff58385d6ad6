// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "discover/settings.hpp"

#include <string>
#include <vector>

namespace lxcmon::discover {

/// lxc.lxcpath of liblxc, and the lxcpaths of LXD and Incus that exist on this host.
[[nodiscard]] std::vector<std::string> default_lxcpaths();

/// True if `include` and `exclude` select this name.
[[nodiscard]] bool is_selected(const std::string& name, const DiscoverSettings& settings) noexcept;

} // namespace lxcmon::discover
