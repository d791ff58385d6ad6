#pragma once

#include "io/unique_fd.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace lxcmon::io {

/// What a read gave: the text, or the errno that says why not. EOVERFLOW: the file is longer than the buffer.
struct ReadResult {
    std::string_view text;
    int error = 0;

    /// The thing itself went away (a cgroup was removed, a process has ended): an outcome, not a fault.
    [[nodiscard]] bool gone() const noexcept;
};

/// Which files get the descriptors where these run short.
enum class Keep : std::uint8_t {
    first,   ///< those read at each tick
    if_roomy ///< those read seldom: while more than a quarter of the budget is left
};

/// How many more descriptors may be kept open. Not thread-safe: one for the sampling thread.
class FdBudget {
  public:
    explicit FdBudget(long limit) noexcept
        : left_(limit)
        , roomy_above_(limit / 4) {}

    /// Raises the soft RLIMIT_NOFILE to the hard one and takes all of it but a reserve for everything else.
    static FdBudget from_rlimit();

    [[nodiscard]] bool take(Keep keep = Keep::first) noexcept;
    /// Whether those read at each tick may have to do without: who is read seldom gives way then.
    [[nodiscard]] bool is_tight() const noexcept { return left_ <= 0; }
    /// For a descriptor that is needed whatever the budget says, such as a pidfd: it may be overdrawn by
    /// that.
    void charge() noexcept { --left_; }
    void give_back() noexcept { ++left_; }
    [[nodiscard]] bool is_overdrawn() const noexcept { return left_ < 0; }
    /// True once, after the budget has first been found empty: the moment to say so.
    [[nodiscard]] bool newly_exhausted() noexcept;

  private:
    long left_, roomy_above_;
    bool exhausted_ = false;
    bool said_ = false;
};

/// How the kernel hands a file out.
enum class Pieces : std::uint8_t {
    one,  ///< whole in one read: all of cgroupfs, most of /proc
    pages ///< of records, at most about a page at each read: /proc/vmstat, /proc/diskstats,
          ///< /proc/PID/mountinfo
};

/// Where a file is: a folder, which many files share, and a path in it. Both are borrowed, from a literal or
/// from what lives as long as the file's reader: a thousand containers have some ten thousand of these.
struct FilePath {
    std::string_view folder; ///< without a slash at its end; may be empty
    std::string_view name;

    FilePath(std::string_view in_folder, std::string_view path) noexcept
        : folder(in_folder)
        , name(path) {}
    // NOLINTNEXTLINE(google-explicit-constructor): a literal is a path
    FilePath(const char* whole) noexcept
        : name(whole) {}

    [[nodiscard]] std::string text() const;
};

/// A file of /proc or /sys, read again and again: opened once and kept open while the budget allows,
/// else opened at each read. One that is kept is given up when the budget is overdrawn. Reading at offset 0
/// makes the kernel print it afresh.
class KernelFile {
  public:
    /// `root_fd` (borrowed) is the root that `path` (relative, no leading slash) hangs on: a fixture in
    /// tests.
    KernelFile(int root_fd, FilePath path, FdBudget& budget, Keep keep = Keep::first) noexcept;
    KernelFile(KernelFile&& other) noexcept;
    KernelFile& operator=(KernelFile&& other) noexcept;
    KernelFile(const KernelFile&) = delete;
    KernelFile& operator=(const KernelFile&) = delete;
    ~KernelFile();

    /// The text stands in `buffer`. A file that was not there at the first read is not looked for again.
    [[nodiscard]] ReadResult read(std::span<char> buffer, Pieces pieces = Pieces::one) noexcept;

    /// Gives the descriptor back: for a file that is not read for some time. The next read opens it again.
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

/// Opens a path below `root_fd` for reading; the descriptor is empty and errno set where that fails.
[[nodiscard]] UniqueFd open_below(int root_fd, const char* path, int extra_flags = 0) noexcept;

/// A file that is not kept open: one of a process, or one whose descriptor would keep a namespace alive.
/// The text stands in `buffer`.
[[nodiscard]] ReadResult read_once(int root_fd, const char* path, std::span<char> buffer,
                                   Pieces pieces = Pieces::one) noexcept;

/// The whole of a file that is read seldom (mountinfo, /proc/PID/cgroup). Throws std::system_error that names
/// the path.
[[nodiscard]] std::string read_whole(int root_fd, const std::string& path);

/// The same where failing is an outcome: returns 0 or an errno, EOVERFLOW where the file is longer than
/// `limit_bytes`.
[[nodiscard]] int try_read_whole(int root_fd, const char* path, std::string& text,
                                 std::size_t limit_bytes = 4U << 20U);

} // namespace lxcmon::io
