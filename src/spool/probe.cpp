// SPDX-License-Identifier: GPL-2.0-or-later
#include "spool/probe.hpp"

#include "io/rotation.hpp"
#include "spool/folder.hpp"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace lxcmon::spool {
namespace {

int access_error(const std::string& folder) noexcept {
    return ::access(folder.c_str(), W_OK | X_OK) == 0 ? 0 : errno;
}

/// root may write everywhere, so only a try tells: /proc and other filesystems take no new folder. The folder
/// goes away again, unless an agent uses it by then.
int making_error(const std::string& folder, const std::string& existing) noexcept {
    // The folder above it may have to be made first, the agent's own.
    if (folder.find('/', existing.size() + 1) != std::string::npos)
        return access_error(existing);
    if (::mkdir(folder.c_str(), folder_mode) != 0)
        return errno == EEXIST ? 0 : errno;
    ::rmdir(folder.c_str());
    return 0;
}

} // namespace

Finding probe_spool(const std::string& folder) {
    if (std::string unsafe = why_unsafe(folder); !unsafe.empty())
        return {"spool", false, unsafe + " (--spool-dir)"};
    if (std::string missing = why_missing(folder); !missing.empty())
        return {"spool", false, missing};
    const std::string existing = io::nearest_existing(folder);
    struct stat status {};
    if (::stat(existing.c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
        return {"spool", false, existing + " is not a folder; expected a writable folder (--spool-dir)"};
    if (const int error = existing == folder ? access_error(folder) : making_error(folder, existing);
        error != 0)
        return {"spool", false,
                existing + " can't be written: " + std::generic_category().message(error) +
                    "; undelivered points would be kept in memory only"};
    struct statvfs space {};
    std::string message = folder + (existing == folder ? ": can be written" : ": can be made in " + existing);
    if (::statvfs(existing.c_str(), &space) == 0)
        message += ", " + std::to_string(std::uint64_t{space.f_bavail} * space.f_frsize >> 20U) + " MiB free";
    return {"spool", true, message};
}

} // namespace lxcmon::spool
