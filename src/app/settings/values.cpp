// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/settings/values.hpp"

#include "app/settings/secret_files.hpp"
#include "io/kernel_file.hpp"
#include "io/parse.hpp"
#include "model/field_table.hpp"
#include "text/bad_value.hpp"
#include "text/clean_name.hpp"
#include "text/trimmed.hpp"
#include "text/utf8.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <system_error>

namespace lxcmon::app {
namespace {

using text::BadValue;

constexpr const char* hidden_value = "***";

struct Unit {
    std::string_view name;
    double factor;
};

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_same_word(std::string_view text, std::string_view word) noexcept {
    return std::ranges::equal(text, word, {}, &lower, &lower);
}

bool is_letter(char c) noexcept {
    return lower(c) >= 'a' && lower(c) <= 'z';
}

struct Quantity {
    double number;
    const Unit* unit;
};

/// Takes a number with a unit from the front of `text`: 1.5 and "s" of "1.5s". The unit may be written in any
/// case, as no two differ in it. nullopt if negative or out of range.
std::optional<Quantity> take_quantity(std::string_view& text, std::span<const Unit> units) {
    double number = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
    const std::string_view name =
        text.substr(0, static_cast<std::size_t>(std::ranges::find_if_not(text, &is_letter) - text.begin()));
    const auto known =
        std::ranges::find_if(units, [&](const Unit& unit) { return is_same_word(name, unit.name); });
    if (error != std::errc{} || known == units.end() || !std::isfinite(number) || number < 0)
        return std::nullopt;
    text.remove_prefix(name.size());
    return Quantity{number, std::to_address(known)};
}

/// True for a key that points have already; `time` is the name of their time.
bool is_own_tag(std::string_view key) noexcept {
    static constexpr auto of_all =
        std::to_array<std::string_view>({"container", "host", "lxcpath", "name", "time"});
    bool is_own = std::ranges::find(of_all, key) != of_all.end();
    for (const MeasurementInfo& measurement : measurement_table)
        for_each_own_tag(measurement, [&](std::string_view own) { is_own = is_own || own == key; });
    return is_own;
}

} // namespace

std::chrono::nanoseconds parse_duration(const std::string& text, std::chrono::seconds least) {
    static constexpr std::array<Unit, 5> units{
        {{"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}, {"d", 86400e9}}};
    constexpr double most_nsec = 1e17;
    std::int64_t sum_nsec = 0;
    double factor = std::numeric_limits<double>::infinity();
    std::string_view rest = text;
    do {
        const auto part = take_quantity(rest, units);
        const double nsec = part ? part->number * part->unit->factor : 0;
        if (!part || part->unit->factor >= factor)
            throw BadValue{"is not a duration; expected for example 10s, 500ms, 1m or 1m30s"};
        if (nsec > most_nsec)
            throw BadValue{"is too long; expected at most 1000d"};
        factor = part->unit->factor;
        sum_nsec += std::llround(nsec); // 4.1 * 1e9 is slightly less than 4'100'000'000
    } while (!rest.empty());
    const std::chrono::nanoseconds duration(sum_nsec);
    if (duration < least)
        throw BadValue{"is too short; expected at least " + std::to_string(least.count()) + "s"};
    return duration;
}

std::uint64_t parse_size(const std::string& text, std::uint64_t least) {
    constexpr double kib = 1024;
    static constexpr auto units = std::to_array<Unit>({{"", 1},
                                                       {"B", 1},
                                                       {"K", kib},
                                                       {"KiB", kib},
                                                       {"M", kib * kib},
                                                       {"MiB", kib * kib},
                                                       {"G", kib * kib * kib},
                                                       {"GiB", kib * kib * kib},
                                                       {"KB", 1e3},
                                                       {"MB", 1e6},
                                                       {"GB", 1e9}});
    std::string_view rest = text;
    const auto size = take_quantity(rest, units);
    const double bytes = size ? size->number * size->unit->factor : 0;
    if (!rest.empty() || bytes < 1 || bytes > 1e15)
        throw BadValue{"is not a size; expected for example 64MiB, 1G (which is 1GiB) or a number of bytes"};
    if (bytes < static_cast<double>(least))
        throw BadValue{"is too small; expected at least " + std::to_string(least / 1024) + "KiB"};
    return static_cast<std::uint64_t>(std::llround(bytes));
}

std::uint64_t parse_count(const std::string& text, std::uint64_t least, std::uint64_t most) {
    const auto number = io::parse_number<std::uint64_t>(text);
    if (!number || *number < least || *number > most)
        throw BadValue{"is not a number from " + std::to_string(least) + " to " + std::to_string(most)};
    return *number;
}

bool parse_flag(const std::string& text) {
    static constexpr auto on = std::to_array<std::string_view>({"true", "1", "yes", "on"});
    static constexpr auto off = std::to_array<std::string_view>({"false", "0", "no", "off"});
    const auto is_typed = [&](std::string_view word) { return is_same_word(text, word); };
    if (std::ranges::any_of(on, is_typed))
        return true;
    if (std::ranges::any_of(off, is_typed))
        return false;
    throw BadValue{"is neither on nor off; expected on or off (also true, false, yes, no, 1, 0)"};
}

std::pair<std::string, std::string> parse_tag(const std::string& text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
        throw BadValue{"is not a tag; expected key=value, for example site=berlin"};
    std::string key = text.substr(0, equals);
    if (is_own_tag(key))
        throw BadValue{"can't be set: lxcmon-push uses the tag '" + key + "' itself; choose another key"};
    if (std::ranges::any_of(text, &text::is_control))
        throw BadValue{"has a control character; expected key=value of printable text"};
    if (!text::is_clean(key)) // two keys could become one
        throw BadValue{
            "has a key with a backslash or invalid UTF-8, which line protocol can't hold; expected "
            "key=value with a key of printable text"};
    return {std::move(key), text.substr(equals + 1)};
}

std::string clean_path(std::string_view path) {
    std::string clean = path.starts_with('/') ? "/" : "";
    while (!path.empty()) {
        const std::string_view part = io::take_until(path, '/');
        if (part.empty() || part == ".")
            continue;
        clean.append(clean.empty() || clean.back() == '/' ? "" : "/").append(part);
    }
    return clean;
}

std::string one_of(const std::string& text, std::span<const std::string_view> choices) {
    const auto is_typed = [&](std::string_view choice) { return is_same_word(text, choice); };
    if (const auto choice = std::ranges::find_if(choices, is_typed); choice != choices.end())
        return std::string(*choice);
    std::string list;
    for (const std::string_view choice : choices)
        list += (list.empty() ? "" : ", ") + std::string(choice);
    throw BadValue{"is not known; expected one of " + list};
}

std::string clean_secret(std::string_view text, SecretCharacters allowed) {
    constexpr std::string_view no_break_space = "\xC2\xA0"; // comes with text that was copied from a page
    if (text.starts_with(text::byte_order_mark))
        text.remove_prefix(text::byte_order_mark.size());
    text = text::trimmed(text);
    if (text.empty())
        throw BadValue{"is empty; expected a secret", hidden_value};
    if (text.starts_with(no_break_space) || text.ends_with(no_break_space))
        throw BadValue{"has a no-break space (U+00A0) before or after it; expected the secret without it",
                       hidden_value};
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = text::character_bytes(text.substr(at));
        const bool is_allowed = length == 1 || (length > 1 && allowed == SecretCharacters::utf8);
        if (!is_allowed || text::is_control(text[at]))
            throw BadValue{"contains a control character, or one that is not " +
                               std::string(allowed == SecretCharacters::utf8 ? "UTF-8" : "ASCII") +
                               ", as byte " + std::to_string(at + 1) +
                               " of the secret; expected one line of text",
                           hidden_value};
        at += length;
    }
    return std::string(text);
}

std::string read_secret(const std::string& path, SecretCharacters allowed) {
    constexpr std::size_t limit_bytes = 64U << 10U;
    const std::string expected = "; expected a file with the secret in its first line";
    std::string text;
    if (is_named_pipe(path))
        throw BadValue{"is a pipe" + expected};
    const int error = io::try_read_whole(AT_FDCWD, path.c_str(), text, limit_bytes);
    if (error == EOVERFLOW)
        throw BadValue{"is longer than 64 KiB" + expected};
    if (error != 0)
        throw BadValue{"can't be read: " + std::generic_category().message(error) + expected};
    text.resize(std::min(text.find('\n'), text.size()));
    try {
        return clean_secret(text, allowed);
    } catch (const BadValue& bad) {
        throw BadValue{bad.message.starts_with("is empty") ? "is empty" + expected : bad.message};
    }
}

} // namespace lxcmon::app
