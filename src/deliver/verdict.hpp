#pragma once

#include <chrono>
#include <cstddef>
#include <ctime>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lxcmon::deliver {

/// What came back over HTTP. All of it is untrusted; the receiver has bounded its size.
struct Reply {
    std::string failure;      ///< why no whole answer came, for a person; empty where one came
    int status = 0;           ///< HTTP status, 0 without an answer
    std::string retry_after;  ///< header Retry-After, as it was
    std::string influx_error; ///< header X-Influxdb-Error
    std::string version;      ///< header X-Influxdb-Version
    std::string location;     ///< header Location
    std::string body;         ///< its first 1 MiB
};

/// What is to be done with the lines that were sent: the table in PROTOCOL.md.
enum class Outcome {
    delivered,    ///< stored, all of it
    partial,      ///< stored but for some lines that the server refuses for good: never send it again
    retry,        ///< not taken now: send the same again after a wait
    server_error, ///< 500: a few tries more, then look for the line that does it
    too_large,    ///< 413: halve and send at once
    refused,      ///< nothing stored, a line is bad: bisect
    no_database,  ///< make it, once a run
    settings,     ///< wrong settings: keep the data, a person must act
    no_gzip,      ///< 415: not compressed from now on
};

struct Verdict {
    Outcome outcome = Outcome::delivered;
    int status = 0;               ///< HTTP status, 0 where there was none
    std::chrono::seconds wait{0}; ///< the shortest wait that the server asked for, 600 s at most
    std::string words;            ///< why, and what to do: printable, no secrets; empty when delivered
    std::optional<std::size_t> dropped_lines; ///< partial: how many, where told (by a stranger)
    /// partial: which, where told: numbers from 1 within what was sent, ascending, each once (v3).
    std::vector<std::size_t> refused_lines;
    /// partial: the texts of lines that could not be read, as the server repeats them (v1). Raw.
    std::vector<std::string> refused_texts;
};

/// Bounds of what is believed and kept of a server's list of refused lines.
inline constexpr std::size_t most_refused_lines = 10'000;
inline constexpr std::size_t most_refused_texts = 64;
inline constexpr std::size_t longest_refused_text_bytes = std::size_t{4} * 1024;

/// The longest Retry-After that is believed.
inline constexpr std::chrono::seconds longest_retry_after{600};

/// Pure. `now` is for Retry-After as a date; `secrets` are hidden wherever the server repeats them.
[[nodiscard]] Verdict judge(const Reply& reply, std::time_t now, std::span<const std::string> secrets = {});

} // namespace lxcmon::deliver
