// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "deliver/verdict.hpp"
#include "http/reply.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::influx {

/// Bounds on a server's list of refused lines; the rest is ignored.
inline constexpr std::size_t most_refused_lines = 10'000;
inline constexpr std::size_t most_refused_texts = 64;
inline constexpr std::size_t longest_refused_text_bytes = std::size_t{4} * 1024;

/// More of a body that is no JSON with an error is ignored.
inline constexpr std::size_t longest_plain_text_bytes = std::size_t{64} * 1024;

/// The error text of an answer, from the place where the API puts it: JSON body (v1, v2, v3), header, plain
/// body. All of it is untrusted and raw. Parts may come from a container, since a server repeats lines.
struct AnswerText {
    std::string error;                     ///< the server's message; empty if there is none
    std::string code;                      ///< v2: "invalid"; empty without a `message`
    std::string line_error;                ///< v3: the error of the first bad line
    bool has_list = false;                 ///< v3: one or more bad lines are listed
    std::size_t listed = 0;                ///< number of listed lines that were read
    std::vector<std::size_t> line_numbers; ///< v3: as in the answer, at most most_refused_lines

    /// `error`, followed by `line_error` if there is one; at most longest_plain_text_bytes of `error`.
    [[nodiscard]] std::string message() const;
    /// `error` up to the first line that it repeats: only this part decides what kind of error it is.
    [[nodiscard]] std::string_view own_message() const noexcept;
};

/// If the body was cut off, the part before is used.
[[nodiscard]] AnswerText read_answer_text(const http::Reply& reply);

/// Number of lines lost in a partial write; nullopt if the answer does not give it.
[[nodiscard]] std::optional<std::size_t> dropped_lines(const AnswerText& text);

/// The lines that 1.x repeats after `unable to parse`, within the bounds above.
[[nodiscard]] std::vector<std::string> refused_texts(const AnswerText& text);

/// The field that 1.x and 2.x name after `field type conflict`.
[[nodiscard]] std::optional<deliver::TypeConflict> type_conflict(const AnswerText& text);

} // namespace lxcmon::influx
