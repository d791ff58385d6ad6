#include "discover/lxd_names.hpp"

#include <dirent.h>
#include <sys/stat.h>

#include <memory>

namespace lxcmon::discover {

void add_lxd_names(const std::string& lxcpath, std::vector<std::string>& names) {
    struct stat status {};
    if (::stat((lxcpath + "/../database").c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
        return;
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(lxcpath.c_str()), &::closedir);
    if (!folder)
        return;
    while (const dirent* entry = ::readdir(folder.get()))
        if (entry->d_name[0] != '.')
            names.emplace_back(entry->d_name);
}

} // namespace lxcmon::discover
