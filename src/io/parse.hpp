// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>

/// Parsers of kernel text: no I/O, no allocation. Malformed text gives no value, never a guess.
namespace lxcmon::io {

/// All of `text` as a decimal number; nullopt for an empty text, another character or an overflow.
template <std::integral Number>
[[nodiscard]] std::optional<Number> parse_number(std::string_view text) noexcept {
    Number number{};
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stop != end || text.empty())
        return std::nullopt;
    return number;
}

/// The same for a number from 0 to 2^63-1.
[[nodiscard]] inline std::optional<std::int64_t> parse_count(std::string_view text) noexcept {
    const auto number = parse_number<std::int64_t>(text);
    return number && *number >= 0 ? number : std::nullopt;
}

/// A decimal such as "12.34", as the kernel prints percentages and loads. Signs, exponents, "inf" and "nan"
/// are refused.
[[nodiscard]] inline std::optional<double> parse_decimal(std::string_view text) noexcept {
    if (text.empty() || text.front() < '0' || text.front() > '9')
        return std::nullopt;
    double number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
    return error == std::errc{} && stop == end ? std::optional(number) : std::nullopt;
}

/// Removes the text up to the next `separator`, and the separator, from `rest`; returns that text.
[[nodiscard]] inline std::string_view take_until(std::string_view& rest, char separator) noexcept {
    const std::size_t at = rest.find(separator);
    const std::string_view part = rest.substr(0, at);
    rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
    return part;
}

/// Calls `each(line)` for the lines that end in LF. A last line without LF is truncated and skipped.
template <typename Callback>
void for_each_line(std::string_view text, Callback&& each) {
    while (text.find('\n') != std::string_view::npos)
        each(take_until(text, '\n'));
}

/// Calls `each(word)` for the words between one or more spaces.
template <typename Callback>
void for_each_word(std::string_view text, Callback&& each) {
    while (!text.empty())
        if (const std::string_view word = take_until(text, ' '); !word.empty())
            each(word);
}

/// `text` without its final LF; nullopt without one, as the kernel always writes it.
[[nodiscard]] inline std::optional<std::string_view> single_line(std::string_view text) noexcept {
    if (text.empty() || text.back() != '\n')
        return std::nullopt;
    text.remove_suffix(1);
    return text;
}

/// `text` without slashes at its begin and end.
[[nodiscard]] inline std::string_view trim_slashes(std::string_view text) noexcept {
    while (text.starts_with('/'))
        text.remove_prefix(1);
    while (text.ends_with('/'))
        text.remove_suffix(1);
    return text;
}

/// End of the first occurrence of `part` ("a/b") in the absolute `path` as whole components.
[[nodiscard]] inline std::optional<std::size_t> end_of_part(std::string_view path,
                                                            std::string_view part) noexcept {
    for (std::size_t at = path.find(part); at != std::string_view::npos; at = path.find(part, at + 1)) {
        const std::size_t end = at + part.size();
        if (at > 0 && path[at - 1] == '/' && (end == path.size() || path[end] == '/'))
            return end;
    }
    return std::nullopt;
}

/// Parses a file of one number and LF.
[[nodiscard]] inline std::optional<std::int64_t> parse_count_line(std::string_view text) noexcept {
    const auto line = single_line(text);
    return line ? parse_count(*line) : std::nullopt;
}

} // namespace lxcmon::io
