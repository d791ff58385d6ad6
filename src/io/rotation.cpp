// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/rotation.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace lxcmon::io {

namespace {

std::string numbered(const std::string& path, unsigned number) {
    return number == 0 ? path : path + "." + std::to_string(number);
}

} // namespace

int rotate(const std::string& path, unsigned kept) {
    if (kept == 0)
        return ::unlink(path.c_str()) == 0 || errno == ENOENT ? 0 : errno;
    unsigned gap = 1;
    struct stat status {};
    while (gap < kept && ::lstat(numbered(path, gap).c_str(), &status) == 0)
        ++gap;
    for (unsigned number = gap; number > 0; --number)
        if (std::rename(numbered(path, number - 1).c_str(), numbered(path, number).c_str()) != 0 &&
            errno != ENOENT)
            return errno;
    return 0;
}

int make_parent_folders(const std::string& path) {
    constexpr mode_t folder_mode = 0750;
    for (auto slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1))
        if (::mkdir(path.substr(0, slash).c_str(), folder_mode) != 0 && errno != EEXIST) {
            // A read-only or foreign parent is no error if the next folder exists in it.
            struct stat status {};
            const int error = errno;
            if (::stat(path.substr(0, slash).c_str(), &status) != 0)
                return error;
        }
    return 0;
}

std::string nearest_existing(std::string path) {
    while (path != "/" && path != "." && ::access(path.c_str(), F_OK) != 0 && errno == ENOENT) {
        const auto slash = path.rfind('/');
        path = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
    }
    return path;
}

} // namespace lxcmon::io
