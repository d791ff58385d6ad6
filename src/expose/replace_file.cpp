// SPDX-License-Identifier: GPL-2.0-or-later
// The part of MetricsFile that works on the disk.
#include "expose/metrics_file.hpp"

#include "expose/place.hpp"
#include "io/parse.hpp"
#include "io/unique_fd.hpp"
#include "io/write_all.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string_view>
#include <system_error>

namespace lxcmon::expose {
namespace {

constexpr mode_t readable_by_all = 0644;
constexpr std::string_view beside_begin = ".lxcmon-push.", beside_end = ".new";
constexpr unsigned most_names = 100'000; // of a folder, when it is looked through

std::string advice(int error) {
    switch (error) {
    case EROFS:
        return "; the folder is read-only for this service: a drop-in of the unit with ReadWritePaths= and "
               "the folder "
               "opens it (lxcmon-push's docs/prometheus.md)";
    case ENOSPC:
    case EDQUOT:
        return "; make room on the disk";
    case EACCES:
    case EPERM:
        return "; this user has no write permission: change the owner of the folder, or use another path";
    default:
        return {};
    }
}

std::string failure(const std::string& path, std::string_view doing, int error) {
    return path + ": " + std::string(doing) + ": " + std::generic_category().message(error) + advice(error);
}

/// Why there is no folder to write in; empty: it is open.
std::string why_no_folder(const Place& place, const std::string& path) {
    if (!place.wrong.empty())
        return path + ": " + place.wrong;
    if (place.folder)
        return {};
    const std::string wrong = failure(path, "opening its folder", place.error);
    return place.error == ENOENT
               ? wrong + "; install prometheus-node-exporter, make the folder, or correct --openmetrics-file"
               : wrong;
}

/// Only a file of its own is replaced: a rename would do it with a device, too.
std::string why_not_replaced(const Place& place, const std::string& path) {
    struct stat status {};
    if (::fstatat(place.folder.get(), place.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? std::string() : failure(path, "checking it", errno);
    return S_ISREG(status.st_mode) ? std::string()
                                   : path + ": is no regular file, and is not replaced; use another path";
}

FileVersion version_of(const struct stat& status) {
    constexpr std::int64_t nsec_per_sec = 1'000'000'000;
    return {status.st_dev, status.st_ino, status.st_mtim.tv_sec * nsec_per_sec + status.st_mtim.tv_nsec};
}

/// node_exporter reads *.prom. The number of a thread tells whether it still runs; another agent, or a thread
/// that was left behind, may write the same file.
std::string name_beside() {
    return std::string(beside_begin) + std::to_string(::gettid()) + std::string(beside_end);
}

/// True for a file of name_beside() whose thread has ended.
bool is_left_over(std::string_view name) {
    if (!name.starts_with(beside_begin) || !name.ends_with(beside_end))
        return false;
    name.remove_prefix(beside_begin.size());
    const auto thread = io::parse_number<pid_t>(name.substr(0, name.size() - beside_end.size()));
    return thread && *thread > 0 && ::kill(*thread, 0) != 0 && errno == ESRCH;
}

std::string write_beside(const Place& place, const std::string& path, const std::string& beside,
                         const std::string& text, FileVersion& version) {
    // O_EXCL opens nothing that somebody has put there.
    ::unlinkat(place.folder.get(), beside.c_str(), 0);
    const io::UniqueFd fd(::openat(place.folder.get(), beside.c_str(),
                                   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, readable_by_all));
    if (!fd)
        return failure(path, "creating " + beside + " beside it", errno);
    std::size_t written = 0;
    if (const int error = io::write_all(fd.get(), text, written); error != 0)
        return failure(path, "writing", error);
    if (::fchmod(fd.get(), readable_by_all) != 0) // whatever the umask is
        return failure(path, "setting its mode", errno);
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0)
        return failure(path, "checking it", errno);
    version = version_of(status);
    return {};
}

} // namespace

FileVersion version_of(const std::string& path) {
    const Place place(path, Strangers::allowed);
    struct stat status {};
    const bool is_there =
        place.folder && ::fstatat(place.folder.get(), place.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
    return is_there ? version_of(status) : FileVersion();
}

std::string replace_file(const std::string& path, const std::string& text, FileVersion& version) {
    const Place place(path, Strangers::allowed);
    std::string wrong = why_no_folder(place, path);
    if (wrong.empty())
        wrong = why_not_replaced(place, path);
    if (!wrong.empty())
        return wrong;
    const std::string beside = name_beside();
    FileVersion written;
    wrong = write_beside(place, path, beside, text, written);
    if (wrong.empty() &&
        ::renameat(place.folder.get(), beside.c_str(), place.folder.get(), place.name.c_str()) != 0)
        wrong = failure(path, "renaming " + beside, errno);
    if (!wrong.empty())
        ::unlinkat(place.folder.get(), beside.c_str(), 0);
    else
        version = written;
    return wrong;
}

void remove_file(const std::string& path, const FileVersion& version) {
    const Place place(path, Strangers::allowed);
    struct stat status {};
    if (place.folder &&
        ::fstatat(place.folder.get(), place.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISREG(status.st_mode) && version_of(status) == version)
        ::unlinkat(place.folder.get(), place.name.c_str(), 0);
}

void remove_left_over(const std::string& path) {
    const Place place(path, Strangers::allowed);
    const int fd = place.folder ? ::openat(place.folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    DIR* const list = fd >= 0 ? ::fdopendir(fd) : nullptr;
    if (list == nullptr)
        return;
    const dirent* entry = nullptr;
    for (unsigned seen = 0; seen < most_names && (entry = ::readdir(list)) != nullptr; ++seen)
        if (is_left_over(entry->d_name))
            ::unlinkat(place.folder.get(), entry->d_name, 0);
    ::closedir(list);
}

Finding MetricsFile::probe(const std::string& path) {
    if (path == "-")
        return {"prometheus", true, "stdout"};
    const Place place(path, Strangers::allowed);
    std::string wrong = why_no_folder(place, path);
    if (wrong.empty())
        wrong = why_not_replaced(place, path);
    if (wrong.empty() && ::faccessat(place.folder.get(), ".", W_OK | X_OK, AT_EACCESS) != 0)
        wrong = failure(path, "creating it", errno);
    const bool ok = wrong.empty();
    return {"prometheus", ok, ok ? path + ": can be written" : wrong};
}

} // namespace lxcmon::expose
