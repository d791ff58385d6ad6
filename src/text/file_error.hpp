#pragma once

#include <string>
#include <string_view>

namespace lxcmon::text {

/// "PATH: DOING: what errno says; what to do", for a person who reads the log.
[[nodiscard]] std::string describe_file_error(std::string_view path, std::string_view doing, int error);

} // namespace lxcmon::text
