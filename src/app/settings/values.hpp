// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

/// Parsers of setting values. All throw text::BadValue with the expected form.
namespace lxcmon::app {

/// "10s", "500ms", "1m", "2h", "7d", "1.5s", "1m30s" (each unit smaller than the one before it); at most
/// about 3 years, and at least `least`.
[[nodiscard]] std::chrono::nanoseconds parse_duration(const std::string& text,
                                                      std::chrono::seconds least = std::chrono::seconds(0));
/// Bytes: "64MiB", "512KiB", "1GiB", "1G" (the same), "10MB", "1000"; from `least` (whole KiB, or 0) to 1e15,
/// and never 0.
[[nodiscard]] std::uint64_t parse_size(const std::string& text, std::uint64_t least = 0);
[[nodiscard]] std::uint64_t parse_count(const std::string& text, std::uint64_t least, std::uint64_t most);
/// "on", "off", "true", "false", "yes", "no", "1", "0", in any case.
[[nodiscard]] bool parse_flag(const std::string& text);
/// "key=value"; the keys of the agent's own tags are refused.
[[nodiscard]] std::pair<std::string, std::string> parse_tag(const std::string& text);
/// Without slashes that repeat or end it, and without components `.`; `..` stays, as it may follow a link.
[[nodiscard]] std::string clean_path(std::string_view path);
/// The one of `choices` that `text` is, in any case.
[[nodiscard]] std::string one_of(const std::string& text, std::span<const std::string_view> choices);
/// The characters that a secret may have, beside ASCII without control characters.
enum class SecretCharacters : std::uint8_t {
    ascii, ///< it goes into a header
    utf8
};

/// Without a byte order mark, and without blanks and line ends around it. Throws BadValue, which does not
/// show the secret, for an empty one and for one that contains other characters.
[[nodiscard]] std::string clean_secret(std::string_view text, SecretCharacters allowed);
/// The secret in the first line of a file of at most 64 KiB.
[[nodiscard]] std::string read_secret(const std::string& path, SecretCharacters allowed);

} // namespace lxcmon::app
