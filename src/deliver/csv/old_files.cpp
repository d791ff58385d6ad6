// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/csv/old_files.hpp"

#include "io/unique_fd.hpp"
#include "text/file_error.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <memory>
#include <string_view>
#include <vector>

namespace lxcmon::deliver {
namespace {

constexpr std::string_view csv_end = ".csv";
constexpr std::string_view gzip_end = ".gz";
constexpr std::string_view temporary_end = ".tmp";
constexpr std::string_view stamp_form = ".00000000T000000.000Z"; ///< 0: a digit
constexpr std::size_t gzip_piece_bytes = 64U << 10U;

struct Place {
    std::string folder, stem; ///< of /DIR/lxc_cpu.node.csv: /DIR, lxc_cpu.node
};

Place place_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return {path.substr(0, slash), path.substr(slash + 1, path.size() - slash - 1 - csv_end.size())};
}

std::string stamp_of(std::chrono::system_clock::time_point time) {
    const auto msec = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
    const std::time_t sec = msec / 1000;
    std::tm utc{};
    ::gmtime_r(&sec, &utc);
    std::array<char, 32> date{};
    std::strftime(date.data(), date.size(), ".%Y%m%dT%H%M%S", &utc);
    std::array<char, 16> rest{};
    std::snprintf(rest.data(), rest.size(), ".%03dZ", static_cast<int>(msec % 1000));
    return std::string(date.data()) + rest.data();
}

bool is_stamp(std::string_view text) noexcept {
    return std::ranges::equal(
        text, stamp_form, [](char c, char form) { return form == '0' ? c >= '0' && c <= '9' : c == form; });
}

/// The ends of the names of files that were put aside, by age: ".20261128T203000.123Z.csv.gz".
std::vector<std::string> old_ends(const Place& place) {
    std::vector<std::string> ends;
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(place.folder.c_str()), &::closedir);
    while (const dirent* const entry = folder ? ::readdir(folder.get()) : nullptr) {
        std::string_view name = entry->d_name;
        if (!name.starts_with(place.stem))
            continue;
        name.remove_prefix(place.stem.size());
        if (is_stamp(name.substr(0, stamp_form.size())) &&
            name.substr(stamp_form.size()).starts_with(csv_end))
            ends.emplace_back(name);
    }
    std::ranges::sort(ends);
    return ends;
}

using Deadline = std::atomic<std::chrono::steady_clock::time_point>;

/// 0 or an errno: ECANCELED at the deadline.
int gzip_copy(int from, int to, const Deadline& deadline) {
    io::UniqueFd own(::fcntl(to, F_DUPFD_CLOEXEC, 0));
    gzFile file = ::gzdopen(own.get(), "wb6");
    if (file == nullptr)
        return ENOMEM;
    static_cast<void>(own.release());
    const auto buffer = std::make_unique<char[]>(gzip_piece_bytes);
    int error = 0;
    ssize_t size = 0;
    while (error == 0 && (size = ::read(from, buffer.get(), gzip_piece_bytes)) != 0) {
        if (std::chrono::steady_clock::now() >= deadline.load())
            error = ECANCELED;
        else if (size < 0)
            error = errno == EINTR ? 0 : errno;
        else if (errno = 0; ::gzwrite(file, buffer.get(), static_cast<unsigned>(size)) <= 0)
            error = errno == 0 ? EIO : errno;
    }
    errno = 0;
    if (::gzclose_w(file) != Z_OK && error == 0)
        error = errno == 0 ? EIO : errno;
    return error;
}

/// 0 or an errno: ECANCELED at the deadline.
int gzip_file(const std::string& path, const Deadline& deadline) {
    constexpr int read_flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    constexpr int write_flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    constexpr mode_t mode = 0640;
    const std::string made = path + std::string(gzip_end);
    const std::string temporary = made + std::string(temporary_end);
    const io::UniqueFd from(::open(path.c_str(), read_flags));
    struct stat status {};
    if (!from || ::fstat(from.get(), &status) != 0)
        return errno;
    if (!S_ISREG(status.st_mode))
        return EINVAL;
    static_cast<void>(::unlink(temporary.c_str())); // of an earlier try
    const io::UniqueFd to(::open(temporary.c_str(), write_flags, mode));
    int error = to ? gzip_copy(from.get(), to.get(), deadline) : errno;
    // Its content must be on the disk before the plain file is removed.
    if (error == 0 && (::fsync(to.get()) != 0 || std::rename(temporary.c_str(), made.c_str()) != 0))
        error = errno;
    if (error == 0)
        static_cast<void>(::unlink(path.c_str()));
    else if (to)
        static_cast<void>(::unlink(temporary.c_str()));
    return error;
}

} // namespace

int put_csv_aside(const std::string& path) {
    const Place place = place_of(path);
    for (auto now = std::chrono::system_clock::now();; now += std::chrono::milliseconds(1)) {
        const std::string aside = place.folder + "/" + place.stem + stamp_of(now) + std::string(csv_end);
        if (::access(aside.c_str(), F_OK) == 0 ||
            ::access((aside + std::string(gzip_end)).c_str(), F_OK) == 0)
            continue;
        // Not RENAME_NOREPLACE, which NFS and ZFS before 2.2 refuse. Only the agent writes in this folder.
        return std::rename(path.c_str(), aside.c_str()) == 0 || errno == ENOENT ? 0 : errno;
    }
}

std::string tidy_old_csv(const std::string& path, unsigned kept, const Deadline& deadline) {
    const Place place = place_of(path);
    const std::vector<std::string> ends = old_ends(place);
    std::string wrong;
    std::size_t left = ends.size();
    for (const std::string& end : ends) {
        const std::string file = place.folder + "/" + place.stem + end;
        const bool is_extra = left-- > kept;
        if (is_extra || end.ends_with(temporary_end)) {
            static_cast<void>(::unlink(file.c_str()));
        } else if (end.ends_with(csv_end)) {
            if (const int error = gzip_file(file, deadline); error != 0 && error != ECANCELED)
                wrong = text::describe_file_error(file, "compressing it", error);
        }
    }
    return wrong;
}

} // namespace lxcmon::deliver
