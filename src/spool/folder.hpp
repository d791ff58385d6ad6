// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"

#include <sys/types.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace lxcmon::spool {

inline constexpr mode_t folder_mode = 0700;
inline constexpr mode_t file_mode = 0600;

/// Another process uses the spool; what() names it and says what to do.
class SpoolHeld : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// Why another user could add, change or remove points in the folder, and the remedy; empty if no user can,
/// or if the folder does not exist.
[[nodiscard]] std::string why_unsafe(const std::string& path);

/// Why the folder can't be made, because of a missing folder above it; empty if it can, or exists.
[[nodiscard]] std::string why_missing(const std::string& path);

/// The folder of a spool and the lock on it. Files have mode 0600, and are opened relative to the folder's
/// descriptor, never through a symlink. An `int` result is 0 or an errno. One thread.
class Folder {
  public:
    static constexpr const char* lock_name = "lock";

    /// Does not touch the disk.
    explicit Folder(std::string path);
    ~Folder() { close(); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    Folder(Folder&&) = delete;
    Folder& operator=(Folder&&) = delete;

    /// Creates the folder (mode 0700) if needed, but not the folders above it (io::make_parent_folders()),
    /// and takes the lock: a flock on the file `lock` in it. Refuses a folder that is not safe from other
    /// users. Returns what is wrong, or nothing. Throws SpoolHeld.
    [[nodiscard]] std::optional<std::string> open();
    /// Releases the lock, also if a helper that is just being forked still has a copy of its descriptor.
    void close() noexcept;
    [[nodiscard]] bool is_open() const noexcept { return static_cast<bool>(fd_); }
    /// True if the path still leads to the opened folder, and the lock file still exists.
    [[nodiscard]] bool is_in_place() const noexcept;

    /// Returns an empty descriptor, and sets errno, on failure. `name` has no slash.
    [[nodiscard]] io::UniqueFd open_file(const std::string& name, int flags) const noexcept;
    /// A missing file is not an error.
    [[nodiscard]] int remove(const std::string& name) const noexcept;
    /// Replaces `to`.
    [[nodiscard]] int rename(const std::string& from, const std::string& to) const noexcept;
    /// Makes created, renamed and removed names survive a crash: fsync(2) of the folder.
    [[nodiscard]] int sync() const noexcept;

    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    /// "PATH/NAME: DOING: ERROR; what to do", for the log.
    [[nodiscard]] std::string message(const std::string& name, std::string_view doing, int error) const;

  private:
    [[nodiscard]] std::optional<std::string> why_unsafe_opened() const;
    [[nodiscard]] std::optional<std::string> take_lock();
    [[nodiscard]] std::string held_message(int lock) const;

    std::string path_;
    io::UniqueFd fd_;
    io::UniqueFd lock_;
};

} // namespace lxcmon::spool
