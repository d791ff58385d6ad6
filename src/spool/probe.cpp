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

Finding probe_spool(const std::string& folder) {
    if (std::string unsafe = why_unsafe(folder); !unsafe.empty())
        return {"spool", false, unsafe + " (--spool-dir)"};
    if (std::string missing = why_missing(folder); !missing.empty())
        return {"spool", false, missing};
    const std::string existing = io::nearest_existing(folder);
    struct stat status {};
    if (::stat(existing.c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
        return {"spool", false, existing + " is not a folder; expected a writable folder (--spool-dir)"};
    if (::access(existing.c_str(), W_OK | X_OK) != 0)
        return {"spool", false,
                existing + " can't be written: " + std::generic_category().message(errno) +
                    "; undelivered points would be kept in memory only"};
    struct statvfs space {};
    std::string message = folder + (existing == folder ? ": can be written" : ": can be made in " + existing);
    if (::statvfs(existing.c_str(), &space) == 0)
        message += ", " + std::to_string(std::uint64_t{space.f_bavail} * space.f_frsize >> 20U) + " MiB free";
    return {"spool", true, message};
}

} // namespace lxcmon::spool
