#pragma once

#include "http/reply.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::influx {

/// Bounds of what is believed and kept of a server's list of refused lines.
inline constexpr std::size_t most_refused_lines = 10'000;
inline constexpr std::size_t most_refused_texts = 64;
inline constexpr std::size_t longest_refused_text_bytes = std::size_t{4} * 1024;

/// What a server says is wrong, whatever way its API says so: JSON body (v1, v2, v3), header, plain body.
/// All of it is a stranger's, raw, and parts may be a container's, which a server repeats.
struct AnswerText {
    std::string error;                     ///< the server's own words; empty where it says nothing
    std::string line_error;                ///< v3: what is wrong with the first bad line that it lists
    bool has_list = false;                 ///< v3: bad lines are listed, one or several
    std::size_t listed = 0;                ///< how many of them were read
    std::vector<std::size_t> line_numbers; ///< v3's, as they stood, at most most_refused_lines

    /// `error`, and `line_error` where there is one.
    [[nodiscard]] std::string message() const;
    /// `error` up to where it begins to repeat what was sent: only this tells what kind of trouble it is.
    [[nodiscard]] std::string_view own_message() const noexcept;
};

/// Copes with a body that was cut off: what stood before is used.
[[nodiscard]] AnswerText read_answer_text(const http::Reply& reply);

/// How many lines of a partial write are lost, where told.
[[nodiscard]] std::optional<std::size_t> dropped_lines(const AnswerText& text);

/// The lines that 1.x repeats after `unable to parse`, within the bounds above.
[[nodiscard]] std::vector<std::string> refused_texts(const AnswerText& text);

} // namespace lxcmon::influx
