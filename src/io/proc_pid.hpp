// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace lxcmon::io {

/// Counters of /proc/PID/io (proc_pid_io(5)).
struct ProcessIo {
    std::optional<std::int64_t> read_bytes, write_bytes;       ///< from and to disks
    std::optional<std::int64_t> read_syscalls, write_syscalls; ///< syscr, syscw: read(2), write(2) and others
    std::optional<std::int64_t> read_syscall_bytes, write_syscall_bytes; ///< rchar, wchar: passed by these
};

/// Metrics of one process (proc_pid_stat(5), _statm(5), _io(5)): the sum of all its threads, ended ones
/// included. The process chooses its name: untrusted, any bytes except NUL.
struct ProcessStats : ProcessIo {
    static constexpr std::size_t most_name_bytes = 64; ///< kernel threads; processes have at most 15

    pid_t pid = 0; ///< 0: the process has ended or can't be read
    std::uint32_t name_bytes = 0;
    std::array<char, most_name_bytes> name{};
    std::int64_t start_ticks = 0; ///< USER_HZ since boot; pid and start identify a process
    std::int64_t cpu_ticks = 0;
    std::int64_t threads = 0;
    std::optional<std::int64_t> rss_pages; ///< these are absent if the first thread has ended
    std::optional<std::int64_t> shared_pages, text_pages, data_pages;

    [[nodiscard]] std::string_view command() const noexcept { return {name.data(), name_bytes}; }
};

/// Parses /proc/PID/stat. False if a field is missing, malformed or too large, or the name is empty.
[[nodiscard]] bool parse_process_stat(std::string_view text, ProcessStats& stats) noexcept;

/// The start time of the process in /proc/PID/stat, in USER_HZ since boot. Accepts any name.
[[nodiscard]] std::optional<std::int64_t> parse_start_ticks(std::string_view text) noexcept;

/// Parses /proc/PID/statm: pages that are resident (rss in stat is off by some pages per CPU), the part of
/// them that is shared, and the sizes of text and of data with stack. Sets all or nothing: nothing for 0
/// resident pages, as a process whose first thread has ended, or is ending, has released its memory.
void parse_process_statm(std::string_view text, ProcessStats& stats) noexcept;

/// Parses /proc/PID/io: sets the fields that it has.
void parse_process_io(std::string_view text, ProcessStats& stats) noexcept;

/// Of a text of /proc/PID/status (proc_pid_status(5)): whether SIGKILL is pending, so that the process is
/// there although it was killed.
[[nodiscard]] bool is_kill_pending(std::string_view status) noexcept;
/// Whether all four user ids are `uid`.
[[nodiscard]] bool runs_as(uid_t uid, std::string_view status);
/// Number of nested pid namespaces, from the reader's on; 0 if the text does not give it.
[[nodiscard]] std::size_t pid_namespaces(std::string_view status) noexcept;

/// Reads a process below `proc_fd`, a procfs. `want_io` reads /proc/PID/io as well. May block while the
/// process hangs in execve(2), which holds a kernel lock that these reads take.
[[nodiscard]] ProcessStats read_process(int proc_fd, pid_t pid, bool want_io,
                                        std::span<char> buffer) noexcept;

} // namespace lxcmon::io
