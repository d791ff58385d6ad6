#include "sample/process_stat.hpp"

#include "io/parse.hpp"

namespace lxcmon::sample {
namespace {

/// Numbers of the fields, as proc_pid_stat(5) counts them.
constexpr int state_field = 3, utime_field = 14, stime_field = 15, threads_field = 20, start_field = 22,
              rss_field = 24;

/// Adds a field that is a count; false where it is none.
bool add(std::string_view word, std::int64_t& sum) noexcept {
    const auto number = io::parse_number<std::int64_t>(word);
    return number && *number >= 0 && !__builtin_add_overflow(sum, *number, &sum);
}

} // namespace

std::optional<ProcessStat> parse_process_stat(std::string_view stat) noexcept {
    const std::size_t open = stat.find('(');
    const std::size_t close = stat.rfind(')');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open ||
        close + 2 > stat.size())
        return std::nullopt;
    ProcessStat process;
    process.command = stat.substr(open + 1, close - open - 1);
    stat.remove_prefix(close + 2);
    bool is_whole = true;
    for (int field = state_field; field <= rss_field; ++field) {
        const std::string_view word = io::take_until(stat, ' ');
        if (field == state_field)
            process.state = word.size() == 1 ? word.front() : '?';
        else if (field == utime_field || field == stime_field)
            is_whole = is_whole && add(word, process.cpu_ticks);
        else if (field == threads_field)
            is_whole = is_whole && add(word, process.threads);
        else if (field == start_field)
            is_whole = is_whole && add(word, process.start_ticks);
        else if (field == rss_field)
            is_whole = is_whole && add(word, process.rss_pages) && !stat.empty();
    }
    return is_whole ? std::optional(process) : std::nullopt;
}

std::optional<ProcessIo> parse_process_io(std::string_view text) noexcept {
    std::optional<std::int64_t> read_bytes, write_bytes;
    io::for_each_line(text, [&](std::string_view line) {
        const std::string_view key = io::take_until(line, ' ');
        if (key == "read_bytes:")
            read_bytes = io::parse_number<std::int64_t>(line);
        else if (key == "write_bytes:")
            write_bytes = io::parse_number<std::int64_t>(line);
    });
    if (!read_bytes || !write_bytes || *read_bytes < 0 || *write_bytes < 0)
        return std::nullopt;
    return ProcessIo{*read_bytes, *write_bytes};
}

} // namespace lxcmon::sample
