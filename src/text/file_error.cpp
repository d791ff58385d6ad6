// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/file_error.hpp"

#include <cerrno>
#include <system_error>

namespace lxcmon::text {
namespace {

std::string_view advice(int error) noexcept {
    switch (error) {
    case ENOSPC:
        return "; the disk is full: make room on it";
    case EDQUOT:
        return "; the disk quota is used up: make room, or raise the quota";
    case EROFS:
        return "; the filesystem is read-only: mount it for writing, or use another folder";
    case EACCES:
    case EPERM:
        return "; this user has no write permission: change the permissions, or use another folder";
    case ELOOP:
        return "; symlinks are not followed: remove it";
    case ENOTDIR:
        return "; a folder is expected there: remove the file in its place, or use another folder";
    case EIO:
        return "; the disk may be failing: see the kernel log";
    default:
        return {};
    }
}

} // namespace

std::string describe_file_error(std::string_view path, std::string_view doing, int error) {
    std::string message(path);
    message.append(": ").append(doing).append(": ").append(std::generic_category().message(error));
    return message.append(advice(error));
}

} // namespace lxcmon::text
