// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace lxcmon::deliver {

/// One of the two copies of a JSON array on the disk. The functions return 0 or an errno.
struct ArrayCopy {
    io::UniqueFd fd;         ///< the only one that this process has of the file: see IdleFile
    std::uint64_t end = 0;   ///< bytes up to the end of its last element, or of "["; 0: has not even that
    std::uint64_t bytes = 0; ///< of the file, unless somebody else has changed it
    bool is_empty = true;    ///< has no element
    std::string missing{};   ///< elements, separated by commas, that only the other copy has

    /// Creates a file with the elements of `from`, without what follows them.
    [[nodiscard]] int create(const std::string& path, const ArrayCopy& from);
    /// Adds what is missing and `elements`, which are separated by commas, and waits for the disk. After a
    /// failure the file is of no use.
    [[nodiscard]] int append(std::string_view elements);
    /// Gets the mode of `other`, if that is a file.
    [[nodiscard]] int take_mode(const ArrayCopy& other) const noexcept;
    /// True if the file has this path.
    [[nodiscard]] bool is_at(const std::string& path) const noexcept;
    /// True if there is a file, and nobody has made it shorter or longer (logrotate's copytruncate).
    [[nodiscard]] bool is_untouched() const noexcept;
    /// True if the file has more than one name.
    [[nodiscard]] bool has_other_names() const noexcept;
};

/// Holds a file that nobody else has open: until its end, whoever opens it waits. See "Leases" in fcntl(2).
class IdleFile {
  public:
    explicit IdleFile(int fd) noexcept;
    ~IdleFile();
    IdleFile(const IdleFile&) = delete;
    IdleFile& operator=(const IdleFile&) = delete;
    IdleFile(IdleFile&&) = delete;
    IdleFile& operator=(IdleFile&&) = delete;

    /// False if another process has the file open, or the filesystem can't tell (NFS).
    [[nodiscard]] bool is_idle() const noexcept { return is_idle_; }

  private:
    int fd_;
    bool is_idle_;
};

} // namespace lxcmon::deliver
