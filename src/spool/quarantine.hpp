#pragma once

#include "io/unique_fd.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lxcmon::spool {

/// Lines that a server refused for good.
struct Rejected {
    std::string lines;     ///< line protocol, each with its LF; empty where the server does not name them
    std::size_t count = 0; ///< how many were refused: not fewer than stand in `lines`
    int status = 0;        ///< HTTP
    std::string message;   ///< the server's, fit for people
    std::string server;    ///< its name, without secrets
    std::int64_t time_ns = 0;
};

/// Keeps refused lines for a person, as JSON Lines in `rejected.jsonl` of the spool's folder: mode 0600,
/// rotated, so that it never has more than `max_bytes` times the files. One thread. A line is
/// `{"time":"2026-11-21T06:50:00Z","server":...,"status":400,"error":"the server's words","line":"..."}`;
/// `"lines":N` stands in place of `"line"` for those that are not known.
class Quarantine {
  public:
    explicit Quarantine(std::string folder, std::uint64_t max_bytes = std::uint64_t{16} << 20U,
                        unsigned kept = 1);

    /// Returns what is wrong where not all could be written, with the path and what to do.
    [[nodiscard]] std::optional<std::string> append(const Rejected& rejected);

  private:
    [[nodiscard]] std::optional<std::string> open();
    [[nodiscard]] std::optional<std::string> write(std::string_view object);
    [[nodiscard]] std::optional<std::string> append_objects(const Rejected& rejected);

    std::string folder_, path_;
    std::uint64_t max_bytes_;
    unsigned kept_;
    io::UniqueFd fd_; ///< during append()
    std::uint64_t bytes_ = 0;
};

} // namespace lxcmon::spool
