// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace lxcmon::text {

/// Default limit on untrusted text in a log message or an error, in bytes.
inline constexpr std::size_t longest_message_bytes = 300;

/// Makes untrusted text safe to log: control characters (C1 too), marks of direction and invalid UTF-8 become
/// `_`, or `for_control` in place of an ASCII control character. Text longer than `most_bytes` is cut on a
/// character boundary and ends in "...".
[[nodiscard]] std::string printable(std::string_view text, std::size_t most_bytes = longest_message_bytes,
                                    char for_control = '_');

/// Untrusted text with all its bytes in sight: the bytes that printable() replaces as \x01, a backslash
/// doubled. For two names that printable() may show alike.
[[nodiscard]] std::string escaped(std::string_view text, std::size_t most_bytes = longest_message_bytes);

/// `text` with every secret replaced by `***`: a server's answer may repeat the request. Secrets under four
/// bytes are not replaced: they also occur in ordinary words.
[[nodiscard]] std::string redacted(std::string text, std::span<const std::string> secrets);

/// Replaces a user and password before the last @ by ***: in a URL, or in a message that quotes one. Hides
/// more rather than less of a text that is no URL.
[[nodiscard]] std::string hide_credentials(std::string_view text);

} // namespace lxcmon::text
