#pragma once

#include <span>
#include <string>
#include <string_view>

namespace lxcmon::app {

/// What an option takes: "SIZE", and where only a few words will do, those.
struct OptionValue {
    std::string_view name; ///< empty: a flag
    std::span<const std::string_view> choices;

    constexpr OptionValue(const char* name_, std::span<const std::string_view> choices_ = {}) noexcept
        : name(name_)
        , choices(choices_) {}
};

/// What holds where an option is not given: "10s". Where that is no value that could be given ("the host's
/// name", nothing), a value to show in its place.
struct OptionDefault {
    std::string_view text;
    std::string_view example;

    constexpr OptionDefault(const char* text_, const char* example_ = "") noexcept
        : text(text_)
        , example(example_) {}
};

/// One option: the same row makes the command line's flag, the environment variable, the config key, its line
/// in --help, and all that src/docs makes: README's table, man page, completions, settings file.
template <typename Config>
struct BasicOptionRow {
    std::string_view group;
    std::string_view name; ///< without the dashes; also the config key
    OptionValue value;
    OptionDefault default_value;
    std::string_view help;
    /// Takes one value into the settings. Throws BadValue.
    void (*take)(Config& config, const std::string& value);
    bool repeatable = false;
    std::string_view standard_variable{}; ///< a name that other InfluxDB tools use
    /// Takes the standard variable's value, where that is something else than the option's.
    void (*take_standard)(Config& config, const std::string& value) = nullptr;
    /// File in the folder of credentials that counts, as if its path had been given, where nothing else is.
    std::string_view credential{};
};

} // namespace lxcmon::app
