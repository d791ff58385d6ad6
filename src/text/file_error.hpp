#pragma once

#include <string>
#include <string_view>

namespace lxcmon::deliver {

/// "PATH: DOING: what errno says; what to do", for a person who reads the log.
[[nodiscard]] std::string file_words(std::string_view path, std::string_view doing, int error);

} // namespace lxcmon::deliver
