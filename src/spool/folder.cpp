// SPDX-License-Identifier: GPL-2.0-or-later
#include "spool/folder.hpp"

#include "io/parse.hpp"
#include "io/rotation.hpp"
#include "text/file_error.hpp"
#include "text/foreign_rights.hpp"
#include "text/printable.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

namespace lxcmon::spool {
namespace {

std::string why_unsafe(const std::string& path, const struct stat& status) {
    std::string wrong = text::foreign_rights(status);
    if (wrong.empty())
        return wrong;
    const std::string owner = ::geteuid() == 0 ? "root:root" : std::to_string(::geteuid());
    return path + " " + wrong +
           ", and so may have false points; expected a folder that only the agent's user may " +
           "write: name another one, or look through its files and run: chown " + owner + " " + path +
           " && chmod go-w " + path;
}

std::string why_unsafe_link(const std::string& path) {
    std::string wrong = text::foreign_link(path);
    if (!wrong.empty())
        wrong += ", which could replace the spool " + path + "; expected the path of the folder itself";
    return wrong;
}

} // namespace

std::string why_unsafe(const std::string& path) {
    std::string wrong = why_unsafe_link(path);
    struct stat status {};
    return wrong.empty() && ::stat(path.c_str(), &status) == 0 ? why_unsafe(path, status) : wrong;
}

std::string why_missing(const std::string& path) {
    const std::string missing = io::missing_folder(path);
    return missing.empty() ? missing
                           : path + ": the folder " + missing +
                                 " does not exist; correct --spool-dir, or make that folder";
}

Folder::Folder(std::string path)
    : path_(std::move(path)) {
    while (path_.size() > 1 && path_.back() == '/')
        path_.pop_back();
}

std::optional<std::string> Folder::open() {
    close();
    if (std::string wrong = why_unsafe_link(path_); !wrong.empty())
        return wrong;
    if (std::string missing = why_missing(path_); !missing.empty())
        return missing;
    if (const int error = io::make_parent_folders(path_); error != 0)
        return text::describe_file_error(path_, "creating its parent folders", error);
    const int made = ::mkdir(path_.c_str(), folder_mode) == 0 ? 0 : errno;
    fd_.reset(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd_) {
        const int error = errno;
        return error == ENOENT ? text::describe_file_error(path_, "creating it", made == 0 ? error : made)
                               : text::describe_file_error(path_, "opening it", error);
    }
    auto wrong = why_unsafe_opened();
    if (!wrong)
        wrong = take_lock();
    if (wrong)
        close();
    return wrong;
}

/// Of the folder that is open, whatever its path leads to by now.
std::optional<std::string> Folder::why_unsafe_opened() const {
    struct stat status {};
    if (::fstat(fd_.get(), &status) != 0)
        return text::describe_file_error(path_, "checking its owner", errno);
    std::string wrong = why_unsafe(path_, status);
    return wrong.empty() ? std::nullopt : std::optional(std::move(wrong));
}

std::optional<std::string> Folder::take_lock() {
    // Read-only is enough for a lock. A file open for writing would prevent a remount as read-only.
    io::UniqueFd lock = open_file(lock_name, O_RDONLY | O_CREAT);
    if (!lock)
        return message(lock_name, "opening it", errno);
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        const int error = errno;
        if (error != EWOULDBLOCK)
            return message(lock_name, "locking it", error);
        close();
        throw SpoolHeld(held_message(lock.get()));
    }
    lock_ = std::move(lock);
    const io::UniqueFd writable = open_file(lock_name, O_WRONLY);
    if (!writable)
        return message(lock_name, "opening it", errno);
    const std::string holder = std::to_string(::getpid()) + " " + program_invocation_short_name + "\n";
    // Only for the message of another agent: a full disk must not prevent delivery of the backlog.
    if (::ftruncate(writable.get(), 0) == 0)
        static_cast<void>(!::write(writable.get(), holder.data(), holder.size()));
    return std::nullopt;
}

std::string Folder::held_message(int lock) const {
    std::array<char, 128> buffer{};
    const ssize_t size = ::pread(lock, buffer.data(), buffer.size(), 0);
    std::string_view text(buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    text = io::take_until(text, '\n');
    const auto pid = io::parse_number<pid_t>(io::take_until(text, ' '));
    const std::string holder =
        pid ? text::printable(text) + " (pid " + std::to_string(*pid) + ")" : std::string("another process");
    return "the spool " + path_ + " is in use by " + holder +
           "; only one agent may use a spool: stop the other agent, or set another --spool-dir";
}

/// A flock belongs to the open file, not to the descriptor: it outlives close() while a forked process has a
/// copy of the descriptor (flock(2)).
void Folder::close() noexcept {
    if (lock_)
        ::flock(lock_.get(), LOCK_UN);
    lock_.reset();
    fd_.reset();
}

bool Folder::is_in_place() const noexcept {
    struct stat ours {};
    struct stat there {};
    struct stat lock {};
    return ::fstat(fd_.get(), &ours) == 0 && ::stat(path_.c_str(), &there) == 0 &&
           ours.st_dev == there.st_dev && ours.st_ino == there.st_ino && ::fstat(lock_.get(), &lock) == 0 &&
           lock.st_nlink > 0;
}

io::UniqueFd Folder::open_file(const std::string& name, int flags) const noexcept {
    // O_NONBLOCK: open() must not hang on a FIFO.
    constexpr int always = O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    return io::UniqueFd(::openat(fd_.get(), name.c_str(), flags | always, file_mode));
}

int Folder::remove(const std::string& name) const noexcept {
    return ::unlinkat(fd_.get(), name.c_str(), 0) == 0 || errno == ENOENT ? 0 : errno;
}

int Folder::rename(const std::string& from, const std::string& to) const noexcept {
    return ::renameat(fd_.get(), from.c_str(), fd_.get(), to.c_str()) == 0 ? 0 : errno;
}

int Folder::sync() const noexcept {
    return ::fsync(fd_.get()) == 0 ? 0 : errno;
}

std::string Folder::message(const std::string& name, std::string_view doing, int error) const {
    return text::describe_file_error(path_ + "/" + text::printable(name), doing, error);
}

} // namespace lxcmon::spool
