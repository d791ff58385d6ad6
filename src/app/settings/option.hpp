// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace lxcmon::app {

/// The value of an option: "SIZE", or a fixed set of words.
struct OptionValue {
    std::string_view name; ///< empty: a flag
    std::span<const std::string_view> choices;

    constexpr OptionValue(const char* name_, std::span<const std::string_view> choices_ = {}) noexcept
        : name(name_)
        , choices(choices_) {}
};

/// The value in force if an option is not given: "10s". If that text is not a value that could be given ("the
/// host's name", nothing), `example` is one that could.
struct OptionDefault {
    std::string_view text;
    std::string_view example;

    constexpr OptionDefault(const char* text_, const char* example_ = "") noexcept
        : text(text_)
        , example(example_) {}
};

/// One option of a program. The same row makes the command line's flag, the environment variable, the key of
/// the settings file, the line in --help, and everything that docgen makes.
struct Option {
    std::string_view group;
    std::string_view name; ///< without the dashes; also the key in the settings file
    OptionValue value;
    OptionDefault default_value;
    std::string_view help;
    bool repeatable = false;
    std::string_view standard_variable{}; ///< a name that other InfluxDB tools use
    /// A file of this name in the folder of credentials counts as if its path had been given, unless the
    /// option is given anywhere else.
    std::string_view credential{};
    bool command_line_only = false; ///< about a single run: not a key of the settings file
};

/// An option and how its value gets into a program's settings. The functions throw text::BadValue.
template <typename Config>
struct OptionRow : Option {
    using Take = void (*)(Config& config, const std::string& value);
    Take take;
    Take take_standard = nullptr; ///< for the standard variable, if it holds something else than the option
};

/// LXCMON_INFLUX_URL for influx-url.
[[nodiscard]] std::string environment_name(std::string_view option);

} // namespace lxcmon::app
