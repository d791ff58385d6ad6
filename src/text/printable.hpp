#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace lxcmon::text {

/// How much of a server's words stands in a log or an error at most, in bytes.
inline constexpr std::size_t longest_message_bytes = 300;

/// Text of strangers made fit for a log: control bytes (C1 too) and invalid UTF-8 become `_`, and
/// what is longer than `most_bytes` is cut on a character boundary and ended by "...".
[[nodiscard]] std::string printable(std::string_view text, std::size_t most_bytes = longest_message_bytes);

/// `text` with every secret in it replaced by `***`: a server may answer with what it was sent.
/// Secrets under four bytes are left alone, as they would tear ordinary words apart.
[[nodiscard]] std::string redacted(std::string text, std::span<const std::string> secrets);

} // namespace lxcmon::text
