// SPDX-License-Identifier: GPL-2.0-or-later
#include "spool/line_reader.hpp"

#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <system_error>
#include <utility>

namespace lxcmon::spool {
namespace {

constexpr std::size_t first_buffer_bytes = 64U << 10U;

/// zlib returns nothing of a piece that contains damage. Small pieces lose less of the data before it.
constexpr unsigned gzip_piece_bytes = 8U << 10U;

/// Removes zlib's prefix from "<fd:3>: unexpected end of file".
std::string without_name(std::string_view message) {
    const std::size_t name = message.find(">: ");
    return std::string(message.substr(name == std::string_view::npos ? 0 : name + 3));
}

} // namespace

void LineReader::CloseGzip::operator()(gzFile_s* file) const noexcept {
    ::gzclose_r(file);
}

LineReader::LineReader(io::UniqueFd fd, Format format)
    : fd_(std::move(fd))
    , buffer_(first_buffer_bytes, '\0') {
    if (format == Format::plain || !fd_)
        return;
    gzip_.reset(::gzdopen(fd_.get(), "rb"));
    if (!gzip_)
        throw std::bad_alloc();
    static_cast<void>(fd_.release()); // owned by zlib now
    if (format == Format::gzip && ::gzdirect(gzip_.get()) == 1) {
        error_ = "not gzip";
        at_end_ = true;
    }
}

std::optional<Line> LineReader::next() {
    for (std::size_t searched = begin_;;) {
        const std::string_view unread(buffer_.data() + begin_, end_ - begin_);
        const std::size_t size = unread.find('\n', searched - begin_);
        if (size != std::string_view::npos) {
            if (!std::exchange(in_long_line_, false))
                return consume(size, 1, Line::Kind::whole);
            return consume(size + 1, 0, Line::Kind::part);
        }
        if (in_long_line_ ? !unread.empty() : unread.size() >= longest_line_bytes) {
            in_long_line_ = true;
            return consume(unread.size(), 0, Line::Kind::part);
        }
        if (at_end_) {
            if (unread.empty())
                return std::nullopt;
            return consume(unread.size(), 0, Line::Kind::torn);
        }
        const std::size_t searched_bytes = unread.size();
        fill();
        searched = begin_ + searched_bytes;
    }
}

/// Returns the next `size` bytes, and skips `skipped` bytes after them.
std::optional<Line> LineReader::consume(std::size_t size, std::size_t skipped, Line::Kind kind) noexcept {
    const Line line{kind, std::string_view(buffer_.data() + begin_, size), offset_};
    begin_ += size + skipped;
    offset_ += size + skipped;
    return line;
}

void LineReader::fill() {
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
              buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
    end_ -= begin_;
    begin_ = 0;
    if (end_ == buffer_.size())
        buffer_.resize(std::min(2 * buffer_.size(), longest_line_bytes));
    char* const into = buffer_.data() + end_;
    const std::size_t room = buffer_.size() - end_;
    std::size_t size = 0;
    if (gzip_) {
        size = read_gzip(into, room);
    } else {
        ssize_t read = 0;
        do
            read = ::read(fd_.get(), into, room);
        while (read < 0 && errno == EINTR);
        if (read < 0)
            error_ = std::generic_category().message(errno);
        size = read < 0 ? 0 : static_cast<std::size_t>(read);
    }
    end_ += size;
    at_end_ = size == 0;
}

std::size_t LineReader::read_gzip(char* into, std::size_t size) {
    const int read = ::gzread(gzip_.get(), into, std::min(static_cast<unsigned>(size), gzip_piece_bytes));
    if (read > 0)
        return static_cast<std::size_t>(read);
    int code = Z_OK;
    const char* const message = ::gzerror(gzip_.get(), &code);
    if (code == Z_ERRNO)
        error_ = std::generic_category().message(errno);
    else if (code != Z_OK && code != Z_STREAM_END)
        error_ = "damaged gzip: " + without_name(message);
    return 0;
}

} // namespace lxcmon::spool
