// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/settings/option.hpp"

#include <cctype>

namespace lxcmon::app {

bool takes_path(const Option& option) noexcept {
    const std::string_view name = option.value.name;
    return name == "FILE" || name == "PATH" || name == "PEM";
}

std::string environment_name(std::string_view option) {
    std::string name = "LXCMON_";
    for (const char c : option)
        name.push_back(c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
    return name;
}

} // namespace lxcmon::app
