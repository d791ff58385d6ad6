#pragma once

#include "deliver/sink.hpp"

#include <string>

namespace lxcmon::spool {

/// For the command `check`: can the folder be a spool? Changes nothing in it, and does not mind an agent that
/// has it now.
[[nodiscard]] Finding probe_spool(const std::string& folder);

} // namespace lxcmon::spool
