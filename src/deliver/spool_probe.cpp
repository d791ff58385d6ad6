#include "deliver/spool_probe.hpp"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace lxcmon::deliver {

namespace {

/// The folder itself, or the nearest one above it that exists.
std::string nearest_existing(std::string folder) {
    struct stat status {};
    while (folder.size() > 1 && ::stat(folder.c_str(), &status) != 0 && errno == ENOENT) {
        const auto slash = folder.rfind('/');
        folder = slash == 0 ? "/" : folder.substr(0, slash);
    }
    return folder;
}

} // namespace

Finding probe_spool(const std::string& folder) {
    const std::string existing = nearest_existing(folder);
    struct stat status {};
    if (::stat(existing.c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
        return {"spool", false, existing + " is no folder; expected one that can be written (--spool-dir)"};
    if (::access(existing.c_str(), W_OK | X_OK) != 0)
        return {"spool", false,
                existing + " can't be written: " + std::generic_category().message(errno) +
                    "; undelivered points would be kept in memory only"};
    struct statvfs space {};
    std::string words = folder + (existing == folder ? ": can be written" : ": can be made in " + existing);
    if (::statvfs(existing.c_str(), &space) == 0)
        words += ", " + std::to_string(std::uint64_t{space.f_bavail} * space.f_frsize >> 20U) + " MiB free";
    return {"spool", true, words};
}

} // namespace lxcmon::deliver
