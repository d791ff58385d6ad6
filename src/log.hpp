#pragma once

#include "config.hpp"

namespace lxcmon {

/// Sets spdlog up as the settings say: to stderr or to a rotating file, as text or as one JSON object a line.
/// Control characters in a message are replaced: names and servers' answers are not ours.
/// Throws BadSetting where the file can't be opened.
void set_up_log(const Config& config);

} // namespace lxcmon
