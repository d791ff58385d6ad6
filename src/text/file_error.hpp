// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace lxcmon::text {

/// A message for the log: "PATH: DOING: text of the errno; advice". `doing` names the failed operation.
[[nodiscard]] std::string describe_file_error(std::string_view path, std::string_view doing, int error);

} // namespace lxcmon::text
