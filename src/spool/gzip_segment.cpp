// SPDX-License-Identifier: GPL-2.0-or-later
#include "spool/gzip_segment.hpp"

#include "io/unique_fd.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <new>

namespace lxcmon::spool {
namespace {

constexpr std::size_t read_piece_bytes = 64U << 10U;

/// Writes gzip to a file whose descriptor it duplicates.
class GzipWriter {
  public:
    /// Throws std::bad_alloc.
    explicit GzipWriter(int fd) {
        io::UniqueFd own(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
        file_ = ::gzdopen(own.get(), "wb1"); // level 1: see http::Gzip
        if (file_ == nullptr)
            throw std::bad_alloc();
        static_cast<void>(own.release());
    }
    ~GzipWriter() { static_cast<void>(close()); }
    GzipWriter(const GzipWriter&) = delete;
    GzipWriter& operator=(const GzipWriter&) = delete;

    /// 0 or an errno.
    [[nodiscard]] int write(const char* bytes, std::size_t size) noexcept {
        if (size == 0 || ::gzwrite(file_, bytes, static_cast<unsigned>(size)) > 0)
            return 0;
        return errno == 0 ? EIO : errno;
    }
    [[nodiscard]] int close() noexcept {
        if (file_ == nullptr)
            return 0;
        const int result = ::gzclose_w(file_);
        file_ = nullptr;
        return result == Z_OK ? 0 : result == Z_ERRNO && errno != 0 ? errno : EIO;
    }

  private:
    gzFile file_ = nullptr;
};

/// Copies the bytes [begin, end) of `from`, at most up to its end, and counts the lines. Returns 0 or an
/// errno.
int copy_range(int from, std::uint64_t begin, std::uint64_t end, GzipWriter& to, std::uint64_t& lines) {
    const auto buffer = std::make_unique<char[]>(read_piece_bytes);
    while (begin < end) {
        const std::size_t wanted =
            static_cast<std::size_t>(std::min<std::uint64_t>(end - begin, read_piece_bytes));
        const ssize_t size = ::pread(from, buffer.get(), wanted, static_cast<off_t>(begin));
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return errno;
        if (size == 0)
            return 0;
        lines += static_cast<std::uint64_t>(std::count(buffer.get(), buffer.get() + size, '\n'));
        if (const int error = to.write(buffer.get(), static_cast<std::size_t>(size)); error != 0)
            return error;
        begin += static_cast<std::uint64_t>(size);
    }
    return 0;
}

int copy_segment(int from, const Segment& segment, int to, std::uint64_t& lines) {
    GzipWriter gzip(to);
    std::uint64_t begin = 0;
    for (const Range& range : segment.ranges) {
        if (!range.cancelled)
            continue;
        if (const int error = copy_range(from, begin, range.begin, gzip, lines); error != 0)
            return error;
        begin = range.end;
    }
    const int error = copy_range(from, begin, UINT64_MAX, gzip, lines);
    return error != 0 ? error : gzip.close();
}

/// Writes the gzipped file under its temporary name and syncs it. Returns 0 or an errno.
int make_temporary(const Folder& folder, const Segment& segment, const std::string& name, Segment& made) {
    const io::UniqueFd from = folder.open_file(segment.name, O_RDONLY);
    if (!from)
        return errno;
    // A new file: the name could lead to another program's file (a hard link).
    if (const int error = folder.remove(name); error != 0)
        return error;
    const io::UniqueFd to = folder.open_file(name, O_WRONLY | O_CREAT | O_EXCL);
    if (!to)
        return errno;
    if (const int error = copy_segment(from.get(), segment, to.get(), made.lines); error != 0)
        return error;
    set_mtime(to.get(), segment.mtime_ns);
    struct stat status {};
    if (::fsync(to.get()) != 0 || ::fstat(to.get(), &status) != 0)
        return errno;
    made.bytes = static_cast<std::uint64_t>(status.st_size);
    return 0;
}

} // namespace

std::optional<std::string> gzip_segment(const Folder& folder, Segment& segment) {
    const std::string temporary = temporary_name(segment.number);
    Segment made;
    made.number = segment.number;
    made.is_gzip = true;
    made.mtime_ns = segment.mtime_ns;
    int error = make_temporary(folder, segment, temporary, made);
    made.name = gzip_name(made.number, made.lines);
    if (error == 0)
        error = folder.rename(temporary, made.name);
    if (error != 0) {
        static_cast<void>(folder.remove(temporary)); // otherwise removed at the next start
        return folder.message(segment.name, "gzipping it", error);
    }
    // Remove the plain file only when the name of the gzipped file survives a crash.
    error = folder.sync();
    if (error == 0)
        error = folder.remove(segment.name);
    if (error != 0) {
        static_cast<void>(folder.remove(made.name));
        return folder.message(segment.name, "gzipping it", error);
    }
    segment = std::move(made);
    return std::nullopt;
}

} // namespace lxcmon::spool
