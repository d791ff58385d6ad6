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
        return "; the quota is used up: make room, or raise it";
    case EROFS:
        return "; the filesystem is read-only: mount it for writing, or use another folder";
    case EACCES:
    case EPERM:
        return "; this user may not write there: change the rights, or use another folder";
    case ELOOP:
        return "; it is a symlink, which is not followed: remove it";
    case ENOTDIR:
        return "; a folder is expected there: remove what is in its place, or use another folder";
    case EIO:
        return "; the disk may be failing: see the kernel's log";
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
