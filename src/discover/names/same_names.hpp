// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/container.hpp"

#include <span>

namespace lxcmon::discover {

/// Sets `shadowed` and `repeats_name` of all containers, and logs each container that begins to repeat a name
/// or is shadowed by a name that is not its own. Names count as they are sent (text::clean_name()).
/// `containers` is ordered by lxcpath, the lxcpath with precedence first. In one lxcpath a clean name has
/// precedence, then the order decides.
void mark_same_names(std::span<Container* const> containers);

} // namespace lxcmon::discover
