// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace lxcmon::app {

/// A problem in a text: its place, and a message "PROBLEM, expected FORM". Lines and columns count from 1,
/// columns in characters.
struct TextProblem {
    unsigned line;
    unsigned column;
    std::string message;
};

/// More parts between dots have no meaning in a settings file, and many thousand would exhaust the stack.
inline constexpr std::size_t most_key_parts = 16;

/// Problems of a TOML text that toml++ does not report, or not at their place: a byte order mark, a NUL byte,
/// invalid UTF-8, a key of more than `most_key_parts` parts.
[[nodiscard]] std::optional<TextProblem> find_text_problem(std::string_view text);

/// The plain message for a syntax error that toml++ describes, and its place: a number has the place where it
/// begins. The message quotes at most a key: a value may be a secret.
[[nodiscard]] TextProblem syntax_problem(std::string_view text, unsigned line, unsigned column,
                                         std::string_view description);

} // namespace lxcmon::app
