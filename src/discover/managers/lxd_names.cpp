// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/managers/lxd_names.hpp"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

namespace lxcmon::discover {
namespace {

using Look = int (*)(const char* path, struct stat* status);

/// Root's or this process's user's. `look`: stat() or lstat(); `type`: of it, 0: any.
bool is_own(Look look, const std::string& path, mode_t type) noexcept {
    struct stat status {};
    return look(path.c_str(), &status) == 0 && (type == 0 || (status.st_mode & S_IFMT) == type) &&
           (status.st_uid == 0 || status.st_uid == ::geteuid());
}

} // namespace

bool is_lxd_path(const std::string& lxcpath) noexcept {
    const std::string above = lxcpath + "/..";
    const std::string database = above + "/database";
    return is_own(&::stat, above, S_IFDIR) && is_own(&::lstat, database, 0) &&
           is_own(&::stat, database, S_IFDIR);
}

std::string lxd_socket(const std::string& lxcpath) {
    const std::unique_ptr<char, void (*)(void*)> real(::realpath(lxcpath.c_str(), nullptr), &std::free);
    if (!real || !is_lxd_path(lxcpath))
        return {};
    const std::string folder(real.get());
    std::string socket = folder.substr(0, folder.rfind('/')) + "/unix.socket";
    return is_own(&::stat, socket, S_IFSOCK) ? socket : std::string();
}

void add_lxd_names(const std::string& lxcpath, std::vector<std::string>& names) {
    if (!is_lxd_path(lxcpath))
        return;
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(lxcpath.c_str()), &::closedir);
    if (!folder)
        return;
    while (const dirent* entry = ::readdir(folder.get()))
        if (entry->d_name[0] != '.')
            names.emplace_back(entry->d_name);
}

std::string lxd_instance_name(const std::string& lxcpath, const std::string& name) {
    const std::size_t underscore = name.find('_');
    return is_lxd_path(lxcpath) ? name.substr(underscore == std::string::npos ? 0 : underscore + 1)
                                : std::string();
}

} // namespace lxcmon::discover
