#pragma once

#include "io/unique_fd.hpp"

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace lxcmon::spool {

/// Another process has the spool: its words say which, and what to do.
class SpoolHeld : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// The folder of a spool and the lock on it. Its files have mode 0600 and are opened below the folder's
/// descriptor, never through a symlink. Errors are errnos, 0 where all is well. One thread.
class Folder {
  public:
    static constexpr const char* lock_name = "lock";

    explicit Folder(std::string path);

    /// Makes the folder (0700) and takes the lock, a flock on the file `lock` in it. Returns what is wrong.
    /// Throws SpoolHeld.
    [[nodiscard]] std::optional<std::string> open();
    void close() noexcept;
    [[nodiscard]] bool is_open() const noexcept { return static_cast<bool>(fd_); }
    /// Whether the path still leads to the folder that was opened, and the lock is still in it.
    [[nodiscard]] bool is_in_place() const noexcept;

    /// An empty descriptor, and errno, where that fails. `name` has no slash.
    [[nodiscard]] io::UniqueFd open_file(const std::string& name, int flags) const noexcept;
    /// A file that is not there is no error.
    [[nodiscard]] int remove(const std::string& name) const noexcept;
    /// Overwrites `to`.
    [[nodiscard]] int rename(const std::string& from, const std::string& to) const noexcept;
    /// The same, but EEXIST where `to` is there.
    [[nodiscard]] int rename_to_new(const std::string& from, const std::string& to) const noexcept;
    /// Makes what became of names last through a crash.
    [[nodiscard]] int sync() const noexcept;

    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] std::string message(const std::string& name, std::string_view doing, int error) const;

  private:
    [[nodiscard]] std::optional<std::string> take_lock();
    [[nodiscard]] std::string held_words(int lock) const;

    std::string path_;
    io::UniqueFd fd_;
    io::UniqueFd lock_;
};

} // namespace lxcmon::spool
