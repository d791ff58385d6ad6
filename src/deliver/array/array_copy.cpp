// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/array/array_copy.hpp"

#include "io/rotation.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

namespace lxcmon::deliver {
namespace {

constexpr mode_t new_array_mode = 0640;
constexpr mode_t permission_bits = 0777;
constexpr std::size_t copied_at_once_bytes = std::size_t{1} << 20U;
constexpr std::string_view opening = "[", closing = "\n]\n";

int write_at(int fd, std::string_view text, std::uint64_t offset) noexcept {
    while (!text.empty()) {
        const ssize_t size = ::pwrite(fd, text.data(), text.size(), static_cast<off_t>(offset));
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return errno;
        text.remove_prefix(static_cast<std::size_t>(size));
        offset += static_cast<std::uint64_t>(size);
    }
    return 0;
}

/// Copies the first `bytes`.
int copy(int from, int to, std::uint64_t bytes) {
    std::string part(std::min<std::uint64_t>(bytes, copied_at_once_bytes), '\0');
    for (std::uint64_t at = 0; at < bytes;) {
        const std::size_t wanted = std::min<std::uint64_t>(part.size(), bytes - at);
        const ssize_t size = ::pread(from, part.data(), wanted, static_cast<off_t>(at));
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0)
            return size < 0 ? errno : EIO; // somebody has cut it
        const std::string_view read = std::string_view(part).substr(0, static_cast<std::size_t>(size));
        if (const int error = write_at(to, read, at); error != 0)
            return error;
        at += read.size();
    }
    return 0;
}

} // namespace

int ArrayCopy::create(const std::string& path, const ArrayCopy& from) {
    // O_EXCL opens nothing that somebody has put there.
    fd.reset(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, new_array_mode));
    if (!fd)
        return errno;
    bytes = end = from.end;
    is_empty = from.is_empty;
    missing.clear();
    return copy(from.fd.get(), fd.get(), end);
}

int ArrayCopy::append(std::string_view elements) {
    std::string text(end == 0 ? opening : "");
    bool is_first = is_empty;
    for (const std::string_view part : {std::string_view(missing), elements}) {
        if (part.empty())
            continue;
        text.append(std::exchange(is_first, false) ? "\n" : ",\n").append(part);
    }
    text.append(closing);
    if (const int error = write_at(fd.get(), text, end); error != 0)
        return error;
    // A torn file may have been longer.
    if (::ftruncate(fd.get(), static_cast<off_t>(end + text.size())) != 0 || ::fdatasync(fd.get()) != 0)
        return errno;
    bytes = end + text.size();
    end = bytes - closing.size();
    is_empty = false;
    missing.clear();
    return 0;
}

int ArrayCopy::take_mode(const ArrayCopy& other) const noexcept {
    struct stat mine {};
    struct stat theirs {};
    if (!other.fd)
        return 0;
    if (::fstat(fd.get(), &mine) != 0 || ::fstat(other.fd.get(), &theirs) != 0)
        return errno;
    if (((mine.st_mode ^ theirs.st_mode) & permission_bits) == 0)
        return 0;
    return ::fchmod(fd.get(), theirs.st_mode & permission_bits) == 0 ? 0 : errno;
}

bool ArrayCopy::is_at(const std::string& path) const noexcept {
    return fd && io::is_at_path(fd.get(), path);
}

bool ArrayCopy::is_untouched() const noexcept {
    struct stat status {};
    return fd && ::fstat(fd.get(), &status) == 0 && static_cast<std::uint64_t>(status.st_size) == bytes;
}

bool ArrayCopy::has_other_names() const noexcept {
    struct stat status {};
    return ::fstat(fd.get(), &status) != 0 || status.st_nlink != 1;
}

IdleFile::IdleFile(int fd) noexcept
    : fd_(fd)
    // Whoever opens the file makes the kernel send a signal. SIGIO, its default, would end the process.
    , is_idle_(::fcntl(fd, F_SETSIG, SIGURG) == 0 && ::fcntl(fd, F_SETLEASE, F_WRLCK) == 0) {}

IdleFile::~IdleFile() {
    if (is_idle_)
        ::fcntl(fd_, F_SETLEASE, F_UNLCK);
}

} // namespace lxcmon::deliver
