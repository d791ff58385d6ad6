// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace lxcmon::app {

/// The value of an option: its name ("SIZE"), and its choices if it has a fixed set.
struct OptionValue {
    std::string_view name; ///< empty: a flag
    std::span<const std::string_view> choices;

    constexpr OptionValue(const char* name_, std::span<const std::string_view> choices_ = {}) noexcept
        : name(name_)
        , choices(choices_) {}
};

/// The default of an option: "10s". If `text` is only a description ("the host's name") or empty, `example`
/// is a valid value.
struct OptionDefault {
    std::string_view text;
    std::string_view example;

    constexpr OptionDefault(const char* text_, const char* example_ = "") noexcept
        : text(text_)
        , example(example_) {}
};

/// Whether an option holds a secret. Files that hold one must not be readable by other users.
enum class Secret : std::uint8_t {
    none,
    value, ///< the value is a secret: the settings file with it holds one
    file   ///< the value is the path of a file with a secret
};

/// One option of a program: its flag on the command line, environment variable, key in the settings file,
/// line in --help, and all that docgen generates.
struct Option {
    std::string_view group;
    std::string_view name; ///< without the dashes; also the key in the settings file
    OptionValue value;
    OptionDefault default_value;
    std::string_view help;
    bool repeatable = false;
    std::string_view standard_variable{}; ///< variable of other InfluxDB tools
    /// The path of this file in the credentials folder is the value if the option is not given elsewhere.
    std::string_view credential{};
    bool command_line_only = false; ///< for a single run: not a key of the settings file
    Secret secret = Secret::none;
};

/// An option and the functions that store its value in the settings. They throw text::BadValue.
template <typename Config>
struct OptionRow : Option {
    using Take = void (*)(Config& config, const std::string& value);
    Take take = nullptr;
    Take take_standard = nullptr; ///< for the standard variable, if its value has another meaning
};

/// True if the value is the path of a file or folder.
[[nodiscard]] bool takes_path(const Option& option) noexcept;

/// The environment variable of an option: LXCMON_INFLUX_URL for influx-url.
[[nodiscard]] std::string environment_name(std::string_view option);

} // namespace lxcmon::app
