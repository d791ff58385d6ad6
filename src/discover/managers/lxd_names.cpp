// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/managers/lxd_names.hpp"

#include <dirent.h>
#include <sys/stat.h>

#include <memory>

namespace lxcmon::discover {

bool is_lxd_path(const std::string& lxcpath) noexcept {
    struct stat status {};
    return ::stat((lxcpath + "/../database").c_str(), &status) == 0 && S_ISDIR(status.st_mode);
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
