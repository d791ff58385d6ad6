#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace lxcmon::io {

/// What the kernel says of one process (proc_pid_stat(5), _statm(5), _io(5)); of all its threads together,
/// those that have ended included. The name is the process's own choice: any bytes but NUL.
struct ProcessStats {
    static constexpr std::size_t most_name_bytes = 64; ///< the kernel's own threads; others have at most 15

    pid_t pid = 0; ///< 0: it has ended, or can't be read
    std::uint32_t name_bytes = 0;
    std::array<char, most_name_bytes> name{};
    std::int64_t start_ticks = 0; ///< USER_HZ since boot: with the pid it names one process
    std::int64_t cpu_ticks = 0;
    std::int64_t threads = 0;
    std::optional<std::int64_t> rss_pages; ///< not told of one whose first thread has ended
    std::optional<std::int64_t> read_bytes, write_bytes;

    [[nodiscard]] std::string_view command() const noexcept { return {name.data(), name_bytes}; }
};

/// The text of /proc/PID/stat. False where something is missing, malformed or too large, or the name empty.
[[nodiscard]] bool parse_process_stat(std::string_view text, ProcessStats& stats) noexcept;

/// Of that text only when the process started, in USER_HZ since boot. Its name may be anything.
[[nodiscard]] std::optional<std::int64_t> parse_start_ticks(std::string_view text) noexcept;

/// The text of /proc/PID/statm: pages in memory. (That of stat is off by some pages of each CPU.) Nothing for
/// none at all: a process whose first thread has ended, or is ending, has given its memory back.
[[nodiscard]] std::optional<std::int64_t> parse_process_statm(std::string_view text) noexcept;

/// The text of /proc/PID/io: sets what it has.
void parse_process_io(std::string_view text, ProcessStats& stats) noexcept;

/// Reads a process below `proc_fd`, a procfs. May block for as long as the process hangs in execve(2):
/// the kernel locks what it reads here against that.
[[nodiscard]] ProcessStats read_process(int proc_fd, pid_t pid, bool want_io,
                                        std::span<char> buffer) noexcept;

} // namespace lxcmon::io
