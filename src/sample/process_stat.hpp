#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace lxcmon::sample {

/// What /proc/PID/stat (proc_pid_stat(5)) says of a process.
struct ProcessStat {
    std::string_view command; ///< any bytes, 15 at most; the process's own choice
    char state = '?';
    std::int64_t cpu_ticks = 0; ///< user and system time, in clock ticks
    std::int64_t threads = 0;
    std::int64_t start_ticks = 0; ///< since boot: with the pid it names the process
    std::int64_t rss_pages = 0;

    /// Ended, and not yet waited for by its parent.
    [[nodiscard]] bool is_dead() const noexcept { return state == 'Z' || state == 'X'; }
};

/// Nothing where the text is cut or not of that form. The command may hold brackets, spaces and newlines.
[[nodiscard]] std::optional<ProcessStat> parse_process_stat(std::string_view stat) noexcept;

/// Bytes from and to block devices: /proc/PID/io (proc_pid_io(5)).
struct ProcessIo {
    std::int64_t read_bytes = 0, write_bytes = 0;
};
[[nodiscard]] std::optional<ProcessIo> parse_process_io(std::string_view text) noexcept;

} // namespace lxcmon::sample
