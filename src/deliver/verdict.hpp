#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace lxcmon::deliver {

/// What is to be done with the lines that were sent: the table in PROTOCOL.md.
enum class Outcome {
    delivered,    ///< stored, all of it
    partial,      ///< stored but for some lines that the server refuses for good: never send it again
    retry,        ///< not taken now: send the same again after a wait
    server_error, ///< 500: a few tries more, then look for the line that does it
    too_large,    ///< 413: halve and send at once
    refused,      ///< nothing stored, a line is bad: bisect
    settings,     ///< wrong settings: keep the data, a person must act
};

struct Verdict {
    Outcome outcome = Outcome::delivered;
    int status = 0;               ///< HTTP status, 0 where there was none
    std::chrono::seconds wait{0}; ///< the shortest wait that the server asked for
    std::string message;          ///< why, and what to do: printable, no secrets; empty when delivered
    std::optional<std::size_t> dropped_lines; ///< partial: how many, where told (by a stranger)
    /// partial: which, where told: numbers from 1 within what was sent, ascending, each once (v3).
    std::vector<std::size_t> refused_lines;
    /// partial: the texts of lines that could not be read, as the server repeats them (v1). Raw.
    std::vector<std::string> refused_texts;
};

} // namespace lxcmon::deliver
