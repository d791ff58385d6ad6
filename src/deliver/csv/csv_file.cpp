// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/csv/csv_file.hpp"

#include "deliver/csv/old_files.hpp"
#include "io/rotation.hpp"
#include "io/write_all.hpp"
#include "text/file_error.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

namespace lxcmon::deliver {
namespace {

constexpr mode_t csv_file_mode = 0640;
/// O_NONBLOCK: open() must not wait for the writer of a FIFO.
constexpr int csv_open_flags = O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
constexpr std::size_t csv_piece_bytes = 64U << 10U;
/// Of a header that is read back: the table has less than 50 columns.
constexpr std::uint64_t most_header_bytes = 64U << 10U;

/// Reads from offset `at` on; 0 at the end, or the negative errno.
ssize_t read_piece(int fd, char* buffer, std::size_t size, std::uint64_t at) noexcept {
    for (;;) {
        const ssize_t got = ::pread(fd, buffer, size, static_cast<off_t>(at));
        if (got >= 0)
            return got;
        if (errno != EINTR)
            return -errno;
    }
}

} // namespace

CsvFile::CsvFile(std::string path, std::uint64_t max_bytes, encode::CsvColumns columns)
    : path_(std::move(path))
    , max_bytes_(max_bytes)
    , columns_(std::move(columns)) {}

CsvFile::Failure CsvFile::failure(std::string_view doing, int error) const {
    return {error, text::describe_file_error(path_, doing, error)};
}

CsvFile::Failure CsvFile::prepare(std::size_t more_bytes) {
    if (fd_ && !io::is_at_path(fd_.get(), path_))
        fd_.reset();
    if (!fd_)
        if (Failure wrong = open(); wrong.error != 0)
            return wrong;
    const bool is_full = max_bytes_ != 0 && bytes_ > header_bytes_ && bytes_ + more_bytes > max_bytes_;
    if (written_ == columns_ && !is_full)
        return {};
    if (Failure wrong = put_aside(); wrong.error != 0)
        return wrong;
    return open();
}

CsvFile::Failure CsvFile::open() {
    fd_.reset(::open(path_.c_str(), csv_open_flags | O_CREAT, csv_file_mode));
    struct stat status {};
    if (!fd_ || ::fstat(fd_.get(), &status) != 0)
        return failure("opening it", errno);
    if (!S_ISREG(status.st_mode)) {
        fd_.reset();
        return {EISDIR, path_ + " is no regular file; remove it, or use another folder"};
    }
    bytes_ = static_cast<std::uint64_t>(status.st_size);
    if (bytes_ > 0) {
        Failure wrong = take_existing();
        if (wrong.error != 0)
            fd_.reset();
        return wrong;
    }
    const std::string header = encode::csv_header(columns_);
    written_ = columns_;
    header_bytes_ = 0;
    Failure wrong = append(header);
    header_bytes_ = bytes_;
    if (wrong.error != 0)
        fd_.reset();
    return wrong;
}

/// Of a file that is not empty: takes its columns, and removes an incomplete last row of a crash. A file that
/// can't take the rows is not changed: written_ has no columns then.
CsvFile::Failure CsvFile::take_existing() {
    encode::CsvRecordEnds ends;
    const auto buffer = std::make_unique<char[]>(csv_piece_bytes);
    std::string header;
    for (std::uint64_t at = 0; at < bytes_;) {
        const ssize_t got = read_piece(fd_.get(), buffer.get(), csv_piece_bytes, at);
        if (got < 0)
            return failure("reading it", static_cast<int>(-got));
        if (got == 0)
            break;
        const std::string_view piece(buffer.get(), static_cast<std::size_t>(got));
        if (header.size() < most_header_bytes)
            header.append(piece);
        ends.add(piece);
        at += piece.size();
    }
    header.resize(std::min<std::size_t>(header.size(), ends.first()));
    header_bytes_ = ends.first();
    written_ = {};
    if (!encode::adopt_csv_header(header, columns_))
        return {}; // it is put aside as it is
    written_ = columns_;
    if (ends.last() < bytes_ && ::ftruncate(fd_.get(), static_cast<off_t>(ends.last())) != 0)
        return failure("removing an incomplete row from its end", errno);
    bytes_ = ends.last();
    return {};
}

CsvFile::Failure CsvFile::put_aside() {
    fd_.reset();
    if (const int error = put_csv_aside(path_); error != 0)
        return failure("renaming it", error);
    has_put_aside_ = true;
    return {};
}

bool CsvFile::has_put_aside() noexcept {
    return std::exchange(has_put_aside_, false);
}

CsvFile::Failure CsvFile::append(std::string_view rows) {
    std::size_t written = 0;
    bytes_before_ = bytes_;
    const int error = io::write_all(fd_.get(), rows, written);
    bytes_ += written;
    if (error == 0)
        return {};
    take_back();
    return failure("writing", error);
}

void CsvFile::take_back() noexcept {
    if (!fd_ || bytes_ == bytes_before_)
        return;
    if (::ftruncate(fd_.get(), static_cast<off_t>(bytes_before_)) != 0)
        fd_.reset(); // open() removes an incomplete row
    bytes_ = bytes_before_;
}

} // namespace lxcmon::deliver
