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
        torn, ///< the last one, and no LF at its end
        part ///< of a line that is longer than LineReader::longest_line_bytes; `text` has the LF where one is
    };
    Kind kind = Kind::whole;
    std::string_view text;
    std::uint64_t offset = 0; ///< where in the (unpacked) file the text begins
};

/// Reads a file line by line, plain or gzip, in bounded memory: 1 MiB at most. Untrusted content is safe.
class LineReader {
  public:
    static constexpr std::size_t longest_line_bytes = 1U << 20U;

    enum class Format {
        plain,
        gzip,
        either ///< gzip where it begins so; reads ahead, so not for what somebody types
    };

    /// Owns `fd`. Throws std::bad_alloc.
    LineReader(io::UniqueFd fd, Format format);

    /// Nothing at the end, and where reading failed: error() tells which.
    [[nodiscard]] std::optional<Line> next();
    /// Why the file could not be read to its end, for a person; empty where it was.
    [[nodiscard]] const std::string& error() const noexcept { return error_; }

  private:
    struct CloseGzip {
        void operator()(gzFile_s* file) const noexcept;
    };

    [[nodiscard]] std::optional<Line> take(std::size_t size, std::size_t skipped, Line::Kind kind) noexcept;
    void fill();
    [[nodiscard]] std::size_t read_gzip(char* into, std::size_t size);

    io::UniqueFd fd_;
    std::unique_ptr<gzFile_s, CloseGzip> gzip_;
    std::string buffer_;
    std::size_t begin_ = 0, end_ = 0; ///< what of buffer_ has been read and not been given out
    std::uint64_t offset_ = 0;        ///< of begin_, in the file
    bool at_end_ = false;
    bool in_long_line_ = false;
    std::string error_;
};

} // namespace lxcmon::spool
