// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "push/invocation.hpp"
#include "support/temp_folder.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lxcmon::test {

using Arguments = std::vector<std::string>;
using Variables = app::Environment;

/// A file that passes for a certificate with its key.
inline constexpr const char* pem_mark = "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n";

/// Parses with these variables only, and with an empty settings file if none is given: files in /etc of this
/// machine must have no effect.
class Parser {
  public:
    Parser()
        : empty_file_(folder_.write("empty.toml", "")) {}

    [[nodiscard]] push::Invocation parse(const Arguments& arguments, Variables variables = {}) const {
        variables.try_emplace("LXCMON_CONFIG", empty_file_);
        return push::read_invocation(arguments, variables);
    }
    [[nodiscard]] push::Config config(const Arguments& arguments, const Variables& variables = {}) const {
        return parse(arguments, variables).config;
    }
    /// Uses a settings file with this text.
    [[nodiscard]] push::Config config_of_file(std::string_view toml, Arguments arguments = {},
                                              const Variables& variables = {}) const {
        arguments.push_back("--config=" + folder_.write("settings.toml", toml));
        return config(arguments, variables);
    }

    /// The error message; checks that it is one line that begins with the program name.
    [[nodiscard]] std::string error(const Arguments& arguments, const Variables& variables = {}) const {
        return one_line([&] { return config(arguments, variables); });
    }
    [[nodiscard]] std::string error_of_file(std::string_view toml) const {
        return one_line([&] { return config_of_file(toml); });
    }

    [[nodiscard]] const TempFolder& folder() const noexcept { return folder_; }

  private:
    template <typename Parse>
    [[nodiscard]] static std::string one_line(Parse parse) {
        try {
            static_cast<void>(parse());
        } catch (const app::BadSetting& bad) {
            const std::string text = bad.what();
            const bool is_one_line =
                text.starts_with("lxcmon-push: ") && text.find('\n') == std::string::npos;
            return is_one_line ? text : "not one line of lxcmon-push: " + text;
        }
        return "no error";
    }

    TempFolder folder_;
    std::string empty_file_;
};

/// Whether the text contains all of the words.
inline bool has_all(const std::string& text, const std::vector<std::string>& words) {
    for (const std::string& word : words)
        if (text.find(word) == std::string::npos)
            return false;
    return true;
}

} // namespace lxcmon::test
