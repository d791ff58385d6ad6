// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "discover/settings.hpp"

#include <string>

namespace lxcmon::discover {

/// True if `include` and `exclude` select a container of this name; `pve_name`: its host name in Proxmox VE's
/// configuration, for which the globs hold, too; empty if there is none.
[[nodiscard]] bool is_selected(const std::string& name, const std::string& pve_name,
                               const DiscoverSettings& settings) noexcept;
/// True if some `pve_name` could make is_selected() true.
[[nodiscard]] bool may_be_selected(const std::string& name, const DiscoverSettings& settings) noexcept;
/// What `include` and `exclude` do if they select no container; empty if both are.
[[nodiscard]] std::string no_match(const DiscoverSettings& settings);

} // namespace lxcmon::discover
