// SPDX-License-Identifier: GPL-2.0-or-later
// The part of MetricsFile that works on the disk.
#include "expose/metrics_file.hpp"

#include "expose/place.hpp"
#include "io/unique_fd.hpp"
#include "io/write_all.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace lxcmon::expose {
namespace {

constexpr mode_t readable_by_all = 0644;

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

std::string write_beside(const Place& place, const std::string& path, const std::string& beside,
                         const std::string& text) {
    // Left by an agent that was killed; O_EXCL opens nothing that somebody has put there.
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
    return {};
}

} // namespace

std::string replace_file(const std::string& path, const std::string& text) {
    const Place place(path, Strangers::allowed);
    std::string wrong = why_no_folder(place, path);
    if (wrong.empty())
        wrong = why_not_replaced(place, path);
    if (!wrong.empty())
        return wrong;
    const std::string beside = "." + place.name + ".new"; // node_exporter reads *.prom
    wrong = write_beside(place, path, beside, text);
    if (wrong.empty() &&
        ::renameat(place.folder.get(), beside.c_str(), place.folder.get(), place.name.c_str()) != 0)
        wrong = failure(path, "renaming " + beside, errno);
    if (!wrong.empty())
        ::unlinkat(place.folder.get(), beside.c_str(), 0);
    return wrong;
}

void remove_file(const std::string& path) {
    const Place place(path, Strangers::allowed);
    if (place.folder && why_not_replaced(place, path).empty())
        ::unlinkat(place.folder.get(), place.name.c_str(), 0);
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
