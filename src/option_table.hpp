#pragma once

#include "config.hpp"

#include <span>
#include <string>
#include <string_view>

namespace lxcmon {

/// One option: the same row makes the command line's flag, the environment variable, the config key, its
/// line in --help and its row in README's table.
struct OptionRow {
    std::string_view group;
    std::string_view name;       ///< without the dashes; also the config key
    std::string_view value_name; ///< empty: a flag
    std::string_view default_text;
    std::string_view help;
    /// Takes one value into the settings. Throws BadValue.
    void (*take)(Config& config, const std::string& value);
    bool repeatable = false;
    std::string_view standard_variable{}; ///< a name that other InfluxDB tools use
    /// Takes the standard variable's value, where that is something else than the option's.
    void (*take_standard)(Config& config, const std::string& value) = nullptr;
    /// systemd's credential whose file counts, as if its path had been given, where nothing else is.
    std::string_view credential{};
};

/// What is wrong with a value: "is not a duration; expected for example 10s".
struct BadValue {
    std::string words;
    std::string shown{}; ///< what is shown of a value that may hold a secret; empty: the value itself
};

[[nodiscard]] std::span<const OptionRow> option_table() noexcept;

/// LXCMON_INFLUX_URL for influx-url.
[[nodiscard]] std::string environment_name(std::string_view option);

/// The table as Markdown, as it stands in README.md.
[[nodiscard]] std::string options_as_markdown();

} // namespace lxcmon
