#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

/// Texts of settings turned into values. All throw text::BadValue that says what is expected.
namespace lxcmon::app {

/// "10s", "500ms", "1m", "2h", "1.5s".
[[nodiscard]] std::chrono::nanoseconds parse_duration(const std::string& text);
/// "64MiB", "512KiB", "1GiB", "10MB", plain bytes.
[[nodiscard]] std::uint64_t parse_size(const std::string& text);
[[nodiscard]] std::uint64_t parse_count(const std::string& text, std::uint64_t least, std::uint64_t most);
[[nodiscard]] bool parse_flag(const std::string& text);
/// "key=value"; names that the agent itself uses are refused.
[[nodiscard]] std::pair<std::string, std::string> parse_tag(const std::string& text);
/// The value itself, if it is one of the words.
[[nodiscard]] std::string one_of(const std::string& text, std::span<const std::string_view> words);
/// The first line of a file that holds a secret.
[[nodiscard]] std::string read_secret(const std::string& path);

} // namespace lxcmon::app
