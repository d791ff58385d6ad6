// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"

#include <dirent.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace lxcmon::io {

/// Result of a read: the text, or an errno. EOVERFLOW: the file is longer than the buffer.
struct ReadResult {
    std::string_view text;
    int error = 0;

    /// True if the cgroup was removed or the process has ended: an expected outcome, not a fault.
    [[nodiscard]] bool gone() const noexcept;
};

/// Which files keep their descriptors if these run short.
enum class Keep : std::uint8_t {
    first,   ///< files read at each tick
    if_roomy ///< files read seldom: while more than a quarter of the budget is left
};

/// Number of descriptors that may still be kept open. Not thread-safe: one for the sampling thread.
class FdBudget {
  public:
    explicit FdBudget(long limit) noexcept
        : left_(limit)
        , roomy_above_(limit / 4) {}

    /// Raises the soft RLIMIT_NOFILE to the hard one; the budget is the limit less a reserve for other uses.
    /// Throws std::system_error.
    static FdBudget from_rlimit();

    /// Takes one descriptor; false if none is left for this kind of file.
    [[nodiscard]] bool take(Keep keep = Keep::first) noexcept;
    /// True if the budget is used up: Keep::if_roomy files then give their descriptors back.
    [[nodiscard]] bool is_tight() const noexcept { return left_ <= 0; }
    /// Takes a descriptor that is needed in any case, such as a pidfd. May overdraw the budget.
    void charge() noexcept { --left_; }
    void give_back() noexcept { ++left_; }
    [[nodiscard]] bool is_overdrawn() const noexcept { return left_ < 0; }
    /// True once, after take() first failed: the moment to log it.
    [[nodiscard]] bool newly_exhausted() noexcept;

  private:
    long left_, roomy_above_;
    bool exhausted_ = false;
    bool reported_ = false;
};

/// How the kernel returns the content of a file.
enum class Pieces : std::uint8_t {
    one,  ///< whole in one read: all of cgroupfs, most of /proc
    pages ///< whole records, about a page at each read: /proc/vmstat, /proc/diskstats, /proc/PID/mountinfo
};

/// Path of a file: a folder, which many files share, and a path in it. Both views are borrowed, from a
/// literal or from an owner that outlives the file's reader: 1,000 containers have some 10,000 of these.
struct FilePath {
    std::string_view folder; ///< without a trailing slash; may be empty
    std::string_view name;

    FilePath(std::string_view in_folder, std::string_view path) noexcept
        : folder(in_folder)
        , name(path) {}
    // NOLINTNEXTLINE(google-explicit-constructor): a literal is a path
    FilePath(const char* whole) noexcept
        : name(whole) {}

    [[nodiscard]] std::string text() const;
};

/// A file of /proc or /sys that is read repeatedly. It is opened once and kept open while the budget allows,
/// else opened at each read. If the budget is overdrawn, the next read gives the descriptor back. A read at
/// offset 0 makes the kernel print the file afresh.
class KernelFile {
  public:
    /// `path` is relative to `root_fd` (borrowed), without a leading slash. The root is a fixture in tests.
    KernelFile(int root_fd, FilePath path, FdBudget& budget, Keep keep = Keep::first) noexcept;
    KernelFile(KernelFile&& other) noexcept;
    KernelFile& operator=(KernelFile&& other) noexcept;
    KernelFile(const KernelFile&) = delete;
    KernelFile& operator=(const KernelFile&) = delete;
    ~KernelFile();

    /// The text is a view into `buffer`. A file that was absent once (ENOENT) is not opened again.
    [[nodiscard]] ReadResult read(std::span<char> buffer, Pieces pieces = Pieces::one) noexcept;

    /// Gives the descriptor back, if the file will not be read for some time. The next read opens it again.
    void close() noexcept;

    [[nodiscard]] std::string path() const { return path_.text(); }

  private:
    [[nodiscard]] UniqueFd open() const noexcept;

    int root_fd_;
    FilePath path_;
    FdBudget* budget_;
    Keep keep_;
    UniqueFd fd_;
    bool absent_ = false;
};

/// Opens a path below `root_fd` for reading. On failure the descriptor is empty and errno is set.
[[nodiscard]] UniqueFd open_below(int root_fd, const char* path, int extra_flags = 0) noexcept;

/// Reads a file that is not kept open: a file of a process, or one whose descriptor would keep a namespace
/// alive. The text is a view into `buffer`.
[[nodiscard]] ReadResult read_once(int root_fd, const char* path, std::span<char> buffer,
                                   Pieces pieces = Pieces::one) noexcept;

/// Reads a whole file that is read seldom (mountinfo, /proc/PID/cgroup). Throws std::system_error with the
/// path.
[[nodiscard]] std::string read_whole(int root_fd, const std::string& path);

/// The same if failure is an expected outcome. Returns 0 or an errno; EOVERFLOW: the file is longer than
/// `limit_bytes`; ETIME: reading takes the thread more CPU than `limit_cpu_ns` (0: no limit).
[[nodiscard]] int try_read_whole(int root_fd, const char* path, std::string& text,
                                 std::size_t limit_bytes = 4U << 20U, std::int64_t limit_cpu_ns = 0);

/// Calls `each(type, name)` for the entries of a folder, as getdents64(2) returns them: d_type, and the name,
/// which ends in NUL. A malformed entry is the last one.
template <typename Callback>
void for_each_entry(std::span<const char> entries, Callback&& each) {
    constexpr std::size_t name_at = offsetof(dirent64, d_name);
    while (entries.size() > name_at) {
        decltype(dirent64::d_reclen) length = 0;
        std::memcpy(&length, entries.data() + offsetof(dirent64, d_reclen), sizeof length);
        if (length <= name_at || length > entries.size() ||
            std::memchr(entries.data() + name_at, '\0', length - name_at) == nullptr)
            return;
        each(static_cast<unsigned char>(entries[offsetof(dirent64, d_type)]), entries.data() + name_at);
        entries = entries.subspan(length);
    }
}

} // namespace lxcmon::io
