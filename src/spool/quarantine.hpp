// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lxcmon::spool {

/// Lines that a server refused permanently.
struct Rejected {
    std::string lines;        ///< line protocol, each with its LF; empty if the server does not name them
    std::size_t count = 0;    ///< number of refused lines: at least those in `lines`
    int status = 0;           ///< HTTP status
    std::string message;      ///< the server's message, printable
    std::string server;       ///< its URL, without secrets
    std::int64_t time_ns = 0; ///< since 1970 (UTC)
};

/// Keeps refused lines for a person, as JSON Lines in `rejected.jsonl` in the spool's folder, with mode 0600.
/// The file is rotated before it exceeds `max_bytes`; `kept` rotated files stay. One thread. A line is
/// `{"time":"2026-11-21T06:50:00Z","server":...,"status":400,"error":"the server's message","line":"..."}`,
/// with `"lines":N` instead of `"line"` for lines that the server does not name.
class Quarantine {
  public:
    /// Does not touch the disk.
    explicit Quarantine(std::string folder, std::uint64_t max_bytes = std::uint64_t{16} << 20U,
                        unsigned kept = 1);

    /// Returns what is wrong, with the path and what to do, if some lines could not be written.
    [[nodiscard]] std::optional<std::string> append(const Rejected& rejected);

  private:
    [[nodiscard]] std::optional<std::string> open();
    /// Rotates the file first if it is full.
    [[nodiscard]] std::optional<std::string> write(std::string_view object);
    [[nodiscard]] std::optional<std::string> put(std::string_view text);
    [[nodiscard]] std::optional<std::string> append_objects(const Rejected& rejected);

    std::string folder_, path_;
    std::uint64_t max_bytes_;
    unsigned kept_;
    io::UniqueFd fd_; ///< open only during append()
    std::uint64_t bytes_ = 0;
};

} // namespace lxcmon::spool
