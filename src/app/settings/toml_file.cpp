// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/settings/toml_file.hpp"

#include "app/settings/bad_setting.hpp"
#include "app/settings/nearest_name.hpp"
#include "app/settings/toml_library.hpp"
#include "app/settings/toml_text.hpp"
#include "text/printable.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace lxcmon::app {
namespace {

/// No option has a longer name: tables with longer names are not read, and messages truncate them.
constexpr std::size_t longest_name_bytes = 80;

struct Document {
    const std::string& path;
    const Program& program;

    [[noreturn]] void fail(unsigned line, unsigned column, const std::string& message) const {
        throw BadSetting(std::string(program.name) + ": " + path + ":" + std::to_string(line) + ":" +
                         std::to_string(column) + ": " + message);
    }
    [[noreturn]] void fail(const toml::source_region& place, const std::string& message) const {
        fail(place.begin.line, place.begin.column, message);
    }
    [[nodiscard]] const Option* find(std::string_view name) const {
        const auto option = std::ranges::find(program.options, name, &Option::name);
        return option != program.options.end() ? *option : nullptr;
    }
};

/// `[tag]` with `site = "berlin"` is --tag site=berlin.
bool takes_table(const Option& option) noexcept {
    return option.value.name == "KEY=VALUE";
}

/// A key of the text, with the names of its tables in front.
struct Entry {
    std::string name;
    const toml::key* key;
    const toml::node* value;

    [[nodiscard]] std::string shown() const { return "'" + text::printable(name, longest_name_bytes) + "'"; }
};

void collect(const Document& document, const toml::table& table, const std::string& prefix,
             std::vector<Entry>& entries) {
    for (const auto& [key, value] : table) {
        std::string name = prefix + std::string(key.str());
        const toml::table* const inner = value.as_table();
        const Option* const option = document.find(name);
        const bool is_value = option != nullptr && takes_table(*option);
        if (inner != nullptr && !inner->empty() && !is_value && name.size() <= longest_name_bytes)
            collect(document, *inner, name + "-", entries);
        else
            entries.push_back({std::move(name), &key, &value});
    }
}

/// The order in the text; toml++ sorts tables by name.
void sort_by_place(std::vector<Entry>& entries) {
    std::ranges::stable_sort(entries, [](const Entry& left, const Entry& right) {
        return left.key->source().begin < right.key->source().begin;
    });
}

std::string number_text(double number) {
    std::array<char, 400> digits{}; // 1e308 has 309 of them
    const auto [end, error] =
        std::to_chars(digits.data(), digits.data() + digits.size(), number, std::chars_format::fixed);
    return {digits.data(), end};
}

/// Returns nullopt for a list, a table, a date or a time.
std::optional<std::string> scalar_text(const toml::node& node) {
    if (const auto* string = node.as_string())
        return string->get();
    if (const auto* integer = node.as_integer())
        return std::to_string(integer->get());
    if (const auto* number = node.as_floating_point())
        return number_text(number->get());
    if (const auto* boolean = node.as_boolean())
        return boolean->get() ? "true" : "false";
    return std::nullopt;
}

std::string_view kind_of(const toml::node& node) {
    if (node.is_table())
        return "a table";
    if (node.is_array())
        return "a list";
    return node.is_time() ? "a time" : "a date";
}

/// `where` is "for 'tag'" or "in the list of 'tag'".
std::string one_value(const Document& document, const toml::node& node, const std::string& where) {
    const auto text = scalar_text(node);
    if (!text)
        document.fail(node.source(), std::string(kind_of(node)) + " " + where +
                                         ", expected a text in quotes, a number, true or false");
    if (text->find('\0') != std::string::npos)
        document.fail(node.source(), "a NUL character " + where + ", expected printable text");
    return *text;
}

FilePlace place_of(const toml::source_region& region) {
    return {region.begin.line, region.begin.column};
}

/// Adds "KEY=VALUE" of each key of the table.
void add_key_values(const Document& document, const Entry& entry, const toml::table& table,
                    SettingValue& setting) {
    std::vector<Entry> pairs;
    for (const auto& [key, value] : table)
        pairs.push_back({std::string(key.str()), &key, &value});
    sort_by_place(pairs);
    for (const Entry& pair : pairs) {
        if (pair.name.find('=') != std::string::npos)
            document.fail(pair.key->source(),
                          "a key with = in the table of " + entry.shown() + ", expected key = value");
        setting.values.push_back(pair.name + "=" +
                                 one_value(document, *pair.value, "in the table of " + entry.shown()));
        setting.places.push_back(place_of(pair.key->source()));
    }
}

void add_values(const Document& document, const Entry& entry, const Option& option, SettingValue& setting) {
    const toml::node& node = *entry.value;
    if (const auto* table = node.as_table(); table != nullptr && takes_table(option)) {
        add_key_values(document, entry, *table, setting);
        return;
    }
    const auto* const array = node.as_array();
    if (array == nullptr || !option.repeatable) {
        setting.values = {one_value(document, node, "for " + entry.shown())};
        setting.places = {setting.key};
        return;
    }
    for (const toml::node& element : *array) {
        setting.values.push_back(one_value(document, element, "in the list of " + entry.shown()));
        setting.places.push_back(place_of(element.source()));
    }
}

[[noreturn]] void fail_unknown(const Document& document, const Entry& entry) {
    std::vector<std::string_view> names;
    for (const Option* option : document.program.options)
        if (!option->command_line_only)
            names.push_back(option->name);
    std::string hint = did_you_mean(entry.name, names);
    if (hint.empty())
        hint = did_you_mean(entry.key->str(), names); // without the names of its tables
    document.fail(entry.key->source(), "unknown key " + entry.shown() + hint +
                                           ", expected the long name of an option, see " +
                                           std::string(document.program.name) + " --help");
}

/// A table without keys whose name is the beginning of option names: "[influx]" before lines that are all
/// comments.
bool is_empty_section(const Document& document, const Entry& entry) {
    const auto* const table = entry.value->as_table();
    const std::string begin = entry.name + "-";
    return table != nullptr && table->empty() &&
           std::ranges::any_of(document.program.options,
                               [&](const Option* option) { return option->name.starts_with(begin); });
}

/// `[[influx]]` or `[[tag]]` for `[influx]` or `[tag]`.
bool is_array_of_section(const Document& document, const Entry& entry) {
    const auto* const array = entry.value->as_array();
    if (array == nullptr || !array->is_array_of_tables())
        return false;
    const std::string begin = entry.name + "-";
    return std::ranges::any_of(document.program.options, [&](const Option* option) {
        return option->name.starts_with(begin) || (option->name == entry.name && takes_table(*option));
    });
}

void take(const Document& document, const Entry& entry, FileSettings& settings) {
    const toml::source_region& place = entry.key->source();
    const Option* const option = document.find(entry.name);
    if (is_array_of_section(document, entry))
        document.fail(place, "an array of tables, expected [" + entry.name + "]");
    if (option == nullptr) {
        if (is_empty_section(document, entry))
            return;
        fail_unknown(document, entry);
    }
    if (option->command_line_only)
        document.fail(place,
                      entry.shown() + " is for the command line alone, expected --" + entry.name + " there");
    if (const auto first = settings.find(entry.name); first != settings.end())
        document.fail(place, entry.shown() + " is defined twice, expected once; the first is in line " +
                                 std::to_string(first->second.key.line) + ", column " +
                                 std::to_string(first->second.key.column));
    SettingValue& setting = settings[entry.name];
    setting.path = document.path;
    setting.key = place_of(place);
    add_values(document, entry, *option, setting);
}

} // namespace

FileSettings parse_toml(std::string_view text, const std::string& path, const Program& program) {
    const Document document{path, program};
    if (const auto problem = find_text_problem(text))
        document.fail(problem->line, problem->column, problem->message);
    FileSettings settings;
    try {
        const toml::table root = toml::parse(text);
        std::vector<Entry> entries;
        collect(document, root, "", entries);
        sort_by_place(entries);
        for (const Entry& entry : entries)
            take(document, entry, settings);
    } catch (const toml::parse_error& error) {
        const toml::source_position place = error.source().begin;
        const TextProblem problem = syntax_problem(text, place.line, place.column, error.description());
        document.fail(problem.line, problem.column, problem.message);
    }
    return settings;
}

} // namespace lxcmon::app
