// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/settings/toml_text.hpp"

#include "text/printable.hpp"
#include "text/utf8.hpp"

#include <algorithm>
#include <array>

namespace lxcmon::app {
namespace {

constexpr std::size_t longest_key_bytes = 80;

TextProblem problem_at(std::string_view text, std::size_t at, std::string message) {
    const std::string_view before = text.substr(0, at);
    const std::string_view in_line = before.substr(before.rfind('\n') + 1);
    const auto begins_character = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; };
    return {static_cast<unsigned>(std::ranges::count(before, '\n') + 1),
            static_cast<unsigned>(std::ranges::count_if(in_line, begins_character) + 1), std::move(message)};
}

/// The end of the quoted text that begins at `at`. A text without a closing quote ends at the end of its
/// line, or with three quotes at the end of the file.
std::size_t end_of_quotes(std::string_view text, std::size_t at) {
    const std::string_view three = text[at] == '"' ? R"(""")" : "'''";
    const std::string_view mark = text.substr(at).starts_with(three) ? three : three.substr(0, 1);
    const bool has_escapes = text[at] == '"';
    for (at += mark.size(); at < text.size(); ++at) {
        if (has_escapes && text[at] == '\\') {
            ++at;
        } else if (text.substr(at).starts_with(mark)) {
            at += mark.size();
            // Up to two more quotes are the last characters of the text.
            for (unsigned more = 0; mark.size() == 3 && more < 2 && text.substr(at).starts_with(mark[0]);
                 ++more)
                ++at;
            return at;
        } else if (mark.size() == 1 && text[at] == '\n') {
            return at;
        }
    }
    return text.size();
}

std::optional<TextProblem> find_deep_key(std::string_view text) {
    std::size_t dots = 0;
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        if (c == '"' || c == '\'') {
            at = end_of_quotes(text, at);
            continue;
        }
        if (c == '#')
            at = std::min(text.find('\n', at), text.size() - 1);
        if (c == '.' && ++dots >= most_key_parts)
            return problem_at(text, at,
                              "a key of too many parts, expected at most " + std::to_string(most_key_parts));
        if (std::string_view("#=,[]{}\n").find(c) != std::string_view::npos)
            dots = 0;
        ++at;
    }
    return std::nullopt;
}

struct Rule {
    std::string_view in_description;
    std::string_view message;
};

constexpr std::string_view no_value =
    "a value that TOML does not have, expected a text in quotes, a number, true, false or a list";

/// The first matching rule is used. A description is "Error while parsing SCOPE: expected X, saw 'Y'".
constexpr auto rules = std::to_array<Rule>({
    {"end-of-file", "the end of the file, expected the rest of this value or line"},
    {"saw EOF", "the end of the file, expected a line feed behind the carriage return"},
    {"after '\\r'", "a carriage return alone, expected a line feed behind it"},
    {"cannot redefine", "a key or table defined twice, expected once"},
    {"cannot insert", "a table defined twice, expected once"},
    {"not representable", "a number out of range, expected one that fits in 64 bits"},
    {"could not be interpreted", "a number out of range, expected one that fits in 64 bits"},
    {"length limit", "a number of too many digits, expected one that fits in 64 bits"},
    {"too long", "a number of too many digits, expected one that fits in 64 bits"},
    {"nested value depth", "lists or tables nested too deep, expected a list of values"},
    {"string: unescaped control char",
     "a control character or the end of the line, expected the closing quote"},
    {"string: control char", "a control character or the end of the line, expected the closing quote"},
    {"control char", "a control character, expected printable text"},
    {"vertical tabs", "a control character, expected printable text"},
    {"line-ending backslashes",
     "text behind a backslash, expected the end of the line or an escape such as \\n"},
    {"escape sequence", "an unknown escape, expected \\\\ for a backslash, or the text in 'single quotes'"},
    {"parsing unicode scalar sequence",
     "no character of Unicode, expected \\u and 4 or \\U and 8 hexadecimal digits"},
    {"expected a comment or whitespace", "text behind the value or table, expected the end of the line"},
    {"expected keys, tables", "a line that is no setting, expected key = value, [table] or # comment"},
    {"parsing key-value pair: expected '='", "a key that is not followed by =, expected key = value"},
    {"parsing key-value pair: expected value", "a key without a value, expected key = value"},
    {"blank bare keys", "a table without a name, expected [name]"},
    {"contiguous", "a space between two brackets, expected [[name]]"},
    {"expected ']'", "a table's name that is not closed, expected ]"},
    {"multi-line strings are prohibited", "a key in three quotes, expected one in one"},
    {"bare key", "a character that no key has, expected letters, digits, - and _, or a key in quotes"},
    {"closing ']', saw comma", "a comma without a value, expected a value or ]"},
    {"comma or closing ']'", "a list that goes on without a comma, expected , or ]"},
    {"closing '}', saw comma", "a comma without a key, expected key = value or }"},
    {"dangling comma", "a comma before the closing }, expected key = value"},
    {"comma or closing '}'", "a table that goes on without a comma, expected , or }"},
    {"expected key or closing '}'", "no key, expected key = value or }"},
    {"expected space or tab", "a space of another kind, expected space or tab"},
    {"parsing value", no_value},
    {"parsing boolean", no_value},
    {"parsing floating-point", no_value},
    {"parsing hexadecimal", no_value},
    {"integer:", no_value},
    {"parsing date", no_value},
    {"parsing time", no_value},
});

/// The key as written in a description "cannot redefine existing TYPE 'KEY' as table". Empty if it has none
/// or the key is in quotes.
std::string_view redefined_key(std::string_view description) {
    for (const std::string_view end : {" as table", " as array-of-tables"})
        if (description.ends_with(end))
            description.remove_suffix(end.size());
    const std::size_t begin = description.find('\'', description.find("cannot redefine"));
    if (begin == std::string_view::npos)
        return {};
    description.remove_prefix(begin + 1);
    const std::string_view key =
        description.substr(0, description.rfind('\'')); // npos: a truncated description
    // toml++ repeats the first letters of a key in quotes.
    return key.find_first_of("\"'") == std::string_view::npos ? key : std::string_view{};
}

/// The column where the number begins that ends before `column`.
unsigned begin_of_number(std::string_view text, unsigned line, unsigned column) {
    for (; line > 1; --line)
        text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    std::size_t at = 0;
    for (unsigned left = column; left > 1 && at < text.size(); --left)
        at += std::max<std::size_t>(1, text::character_bytes(text.substr(at)));
    constexpr std::string_view in_numbers = "0123456789abcdefABCDEFox+-._";
    for (; at > 0 && column > 1 && in_numbers.find(text[at - 1]) != std::string_view::npos; --at)
        --column;
    return column;
}

} // namespace

std::optional<TextProblem> find_text_problem(std::string_view text) {
    if (text.starts_with(text::byte_order_mark))
        return problem_at(text, 0, "a byte order mark, expected UTF-8 without one");
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] == '\0')
            return problem_at(text, at, "a NUL byte, expected text");
        const std::size_t length = text::character_bytes(text.substr(at));
        if (length == 0)
            return problem_at(text, at, "invalid UTF-8, expected a file in UTF-8");
        at += length;
    }
    return find_deep_key(text);
}

TextProblem syntax_problem(std::string_view text, unsigned line, unsigned column,
                           std::string_view description) {
    const auto fits = [&](const Rule& rule) {
        return description.find(rule.in_description) != std::string_view::npos;
    };
    const auto rule = std::ranges::find_if(rules, fits);
    if (rule == rules.end())
        return {line, column, "a syntax error, expected TOML 1.0"};
    if (rule->message.ends_with("64 bits"))
        column = begin_of_number(text, line, column);
    const std::string_view key =
        rule->in_description == "cannot redefine" ? redefined_key(description) : std::string_view{};
    if (!key.empty())
        return {line, column,
                "'" + text::printable(key, longest_key_bytes) + "' is defined twice, expected once"};
    return {line, column, std::string(rule->message)};
}

} // namespace lxcmon::app
