// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace lxcmon::deliver {

/// What to do with the lines that were sent: the table in docs/protocol.md.
enum class Outcome {
    delivered,    ///< all lines are stored
    partial,      ///< some lines are refused permanently, and any other may be stored: search for them
    retry,        ///< not stored now: send the same again after a wait
    server_error, ///< 500: a few more tries, then search for the line that causes it
    too_large,    ///< 413: halve and send at once; refuse a single line
    limited,      ///< 413 of a proxy: halve and send at once; keep a single line, a person must act
    refused,      ///< nothing is stored, because of a bad line: bisect
    settings,     ///< wrong settings: keep the data, a person must act
};

/// A field of a type that its measurement does not have, as 1.x and 2.x name it. Raw.
struct TypeConflict {
    std::string measurement;
    std::string field;
    std::string type; ///< of the refused values: "float", "integer", "boolean" or "string"
};

struct Verdict {
    Outcome outcome = Outcome::delivered;
    int status = 0;               ///< HTTP status, 0 if there was none
    std::chrono::seconds wait{0}; ///< minimum wait that the server asked for
    std::string message;          ///< reason and advice: printable, no secrets; empty if delivered
    std::optional<std::size_t> dropped_lines; ///< partial: number of refused lines if reported; untrusted
    /// partial: numbers of the refused lines if reported (v3): from 1, ascending, each once, at most the
    /// lines sent.
    std::vector<std::size_t> refused_lines;
    /// partial: texts of lines that the server could not parse, as it repeats them (v1). Raw.
    std::vector<std::string> refused_texts;
    std::optional<TypeConflict> type_conflict; ///< partial: the first one, if reported
};

} // namespace lxcmon::deliver
