// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/finding.hpp"

#include <string>

namespace lxcmon::spool {

/// For the command `check`: tests whether the folder can be used as a spool. Changes nothing in it; an agent
/// may be using the folder. Makes a missing folder, and removes it again.
[[nodiscard]] Finding probe_spool(const std::string& folder);

} // namespace lxcmon::spool
