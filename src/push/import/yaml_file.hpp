// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::push {

/// A key of a YAML file that has settings in sections.
struct YamlSetting {
    std::string section, key;
    std::vector<std::string> values{}; ///< as written, without quotes; null is an empty text
    bool is_list = false;
    unsigned line = 0; ///< from 1
};

/// A larger file has no settings.
inline constexpr std::size_t most_yaml_bytes = std::size_t{64} << 10U;

/// Parses a YAML text of the form `section: {key: value or list of values}`. Anything else is refused:
/// another depth, anchors and aliases, a second document, a key that is there twice, invalid UTF-8. `path` is
/// for messages. Throws app::BadSetting "lxcmon-push: PATH:LINE: problem".
[[nodiscard]] std::vector<YamlSetting> read_yaml(const std::string& text, const std::string& path);

/// Throws app::BadSetting for a line of a settings file.
[[noreturn]] void refuse_line(const std::string& path, unsigned line, const std::string& problem);

} // namespace lxcmon::push
