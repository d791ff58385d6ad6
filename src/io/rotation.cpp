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

int rename_if_there(const std::string& from, const std::string& to) noexcept {
    return std::rename(from.c_str(), to.c_str()) == 0 || errno == ENOENT ? 0 : errno;
}

bool is_own(std::string_view folder) noexcept {
    return folder.starts_with(state_folder) &&
           (folder.size() == state_folder.size() || folder[state_folder.size()] == '/');
}

} // namespace

int make_room(const std::string& path, unsigned kept) {
    unsigned gap = 1;
    struct stat status {};
    while (gap < kept && ::lstat(numbered(path, gap).c_str(), &status) == 0)
        ++gap;
    for (unsigned number = gap; number > 1; --number)
        if (const int error = rename_if_there(numbered(path, number - 1), numbered(path, number)); error != 0)
            return error;
    return 0;
}

int rotate(const std::string& path, unsigned kept) {
    if (kept == 0)
        return ::unlink(path.c_str()) == 0 || errno == ENOENT ? 0 : errno;
    const int error = make_room(path, kept);
    return error != 0 ? error : rename_if_there(path, numbered(path, 1));
}

std::string missing_folder(const std::string& path) {
    for (auto slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
        std::string folder = path.substr(0, slash);
        struct stat status {};
        if (!is_own(folder) && ::stat(folder.c_str(), &status) != 0 && errno == ENOENT)
            return folder;
    }
    return {};
}

int make_parent_folders(const std::string& path) {
    constexpr mode_t folder_mode = 0750;
    for (auto slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
        const std::string folder = path.substr(0, slash);
        struct stat status {};
        // A read-only or foreign parent is no error if the next folder exists in it.
        if (::stat(folder.c_str(), &status) == 0)
            continue;
        const int error = errno;
        if (error != ENOENT || !is_own(folder))
            return error;
        if (::mkdir(folder.c_str(), folder_mode) != 0 && errno != EEXIST)
            return errno;
    }
    return 0;
}

bool is_at_path(int fd, const std::string& path) noexcept {
    struct stat here {};
    struct stat there {};
    return ::fstat(fd, &here) == 0 && ::lstat(path.c_str(), &there) == 0 && here.st_dev == there.st_dev &&
           here.st_ino == there.st_ino;
}

std::string nearest_existing(std::string path) {
    while (path != "/" && path != "." && ::access(path.c_str(), F_OK) != 0 && errno == ENOENT) {
        const auto slash = path.rfind('/');
        path = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
    }
    return path;
}

} // namespace lxcmon::io
