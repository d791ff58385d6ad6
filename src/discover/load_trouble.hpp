// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

namespace lxcmon::discover {

/// Why liblxc, which gives no reason, can't load the configuration of a container: an include or liblxc's log
/// file can't be opened, or a line is wrong. Opens files that the configuration names: only the process that
/// asks liblxc may call it.
[[nodiscard]] std::string load_trouble(const std::string& lxcpath, const std::string& name);

} // namespace lxcmon::discover
