// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/array/array_lock.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace lxcmon::deliver {
namespace {

constexpr int lock_flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
constexpr mode_t lock_mode = 0600;

struct flock whole_file() noexcept {
    struct flock whole {};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    return whole;
}

std::string in_use(int fd) {
    struct flock holder = whole_file();
    // 0: in another PID namespace.
    const bool is_known = ::fcntl(fd, F_GETLK, &holder) == 0 && holder.l_type != F_UNLCK && holder.l_pid > 0;
    return "is in use by " + (is_known ? "pid " + std::to_string(holder.l_pid) : "another process") +
           "; only one agent may write an array: stop the other agent, or set another --json-file";
}

} // namespace

std::string ArrayLock::take(const std::string& path) {
    if (fd_)
        return {};
    io::UniqueFd fd(::open(path.c_str(), lock_flags, lock_mode));
    struct flock whole = whole_file();
    if (fd && ::fcntl(fd.get(), F_SETLK, &whole) == 0) {
        fd_ = std::move(fd);
        return {};
    }
    if (fd && (errno == EAGAIN || errno == EACCES))
        return in_use(fd.get());
    return "locking " + path + ": " + std::generic_category().message(errno);
}

} // namespace lxcmon::deliver
