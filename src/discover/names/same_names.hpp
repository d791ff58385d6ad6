// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/container.hpp"

#include <functional>
#include <span>

namespace lxcmon::discover {

using MayLog = std::function<bool(const Container&)>;

/// Sets `shadowed` and `repeats_name` of all containers, and logs each container that begins to repeat a name
/// or to be shadowed, if `may_log` allows it for that container: a user can name any number of containers.
/// Names count as they are sent (text::clean_name()).
/// `containers` is ordered by lxcpath, the lxcpath with precedence first. In one lxcpath a clean name has
/// precedence, then the order decides.
void mark_same_names(std::span<Container* const> containers, const MayLog& may_log);

} // namespace lxcmon::discover
