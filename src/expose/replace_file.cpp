// SPDX-License-Identifier: GPL-2.0-or-later
// The part of MetricsFile that works on the disk.
#include "expose/metrics_file.hpp"

#include "io/unique_fd.hpp"
#include "io/write_all.hpp"
#include "text/foreign_rights.hpp"

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

/// A path in two parts. Works in the folder as it was when it was opened.
struct Place {
    std::string name;
    io::UniqueFd folder;
    std::string wrong; ///< empty: the folder is open

    explicit Place(const std::string& path) {
        const auto slash = path.rfind('/');
        const std::string parent = slash == std::string::npos ? "." : path.substr(0, slash + 1);
        name = slash == std::string::npos ? path : path.substr(slash + 1);
        wrong = text::foreign_link_before(path);
        if (!wrong.empty()) {
            wrong.insert(0, path + ": ");
            return;
        }
        folder.reset(::open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        if (folder)
            return;
        const int error = errno;
        wrong = failure(path, "opening its folder", error);
        if (error == ENOENT)
            wrong += "; install prometheus-node-exporter, make the folder, or correct --openmetrics-file";
    }

    /// Only a file of its own is replaced: a rename would do it with a device, too.
    [[nodiscard]] std::string why_not_replaced(const std::string& path) const {
        struct stat status {};
        if (::fstatat(folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
            return errno == ENOENT ? std::string() : failure(path, "checking it", errno);
        return S_ISREG(status.st_mode) ? std::string()
                                       : path + ": is no regular file, and is not replaced; use another path";
    }
};

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
    const Place place(path);
    if (!place.wrong.empty())
        return place.wrong;
    if (std::string wrong = place.why_not_replaced(path); !wrong.empty())
        return wrong;
    const std::string beside = "." + place.name + ".new"; // node_exporter reads *.prom
    std::string wrong = write_beside(place, path, beside, text);
    if (wrong.empty() &&
        ::renameat(place.folder.get(), beside.c_str(), place.folder.get(), place.name.c_str()) != 0)
        wrong = failure(path, "renaming " + beside, errno);
    if (!wrong.empty())
        ::unlinkat(place.folder.get(), beside.c_str(), 0);
    return wrong;
}

void remove_file(const std::string& path) {
    const Place place(path);
    if (place.wrong.empty() && place.why_not_replaced(path).empty())
        ::unlinkat(place.folder.get(), place.name.c_str(), 0);
}

Finding MetricsFile::probe(const std::string& path) {
    if (path == "-")
        return {"prometheus", true, "stdout"};
    const Place place(path);
    std::string wrong = place.wrong.empty() ? place.why_not_replaced(path) : place.wrong;
    if (wrong.empty() && ::faccessat(place.folder.get(), ".", W_OK | X_OK, AT_EACCESS) != 0)
        wrong = failure(path, "creating it", errno);
    const bool ok = wrong.empty();
    return {"prometheus", ok, ok ? path + ": can be written" : wrong};
}

} // namespace lxcmon::expose
