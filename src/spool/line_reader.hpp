// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct gzFile_s; // zlib's

namespace lxcmon::spool {

/// A line without its LF, valid until the next call of next().
struct Line {
    enum class Kind {
        whole,
        torn, ///< the last line, without an LF
        part  ///< a piece of a line above LineReader::longest_line_bytes; the last piece has the LF, if any
    };
    Kind kind = Kind::whole;
    std::string_view text;
    std::uint64_t offset = 0; ///< of `text` in the (uncompressed) file
};

/// Reads a plain or gzip file line by line, with at most 1 MiB of memory. Content may be untrusted.
class LineReader {
  public:
    static constexpr std::size_t longest_line_bytes = 1U << 20U;

    enum class Format {
        plain,
        gzip,
        either ///< detects gzip by its first bytes; reads ahead, so not for a terminal
    };

    /// Takes ownership of `fd`. Throws std::bad_alloc.
    LineReader(io::UniqueFd fd, Format format);

    /// Returns nothing at the end of the file and after an error: see error().
    [[nodiscard]] std::optional<Line> next();
    /// Why the file could not be read to its end, for the log; empty without an error.
    [[nodiscard]] const std::string& error() const noexcept { return error_; }

  private:
    struct CloseGzip {
        void operator()(gzFile_s* file) const noexcept;
    };

    [[nodiscard]] std::optional<Line> consume(std::size_t size, std::size_t skipped,
                                              Line::Kind kind) noexcept;
    void fill();
    [[nodiscard]] std::size_t read_gzip(char* into, std::size_t size);

    io::UniqueFd fd_;
    std::unique_ptr<gzFile_s, CloseGzip> gzip_;
    std::string buffer_;
    std::size_t begin_ = 0, end_ = 0; ///< unread bytes of buffer_
    std::uint64_t offset_ = 0;        ///< of begin_, in the file
    bool at_end_ = false;
    bool in_long_line_ = false;
    std::string error_;
};

} // namespace lxcmon::spool
