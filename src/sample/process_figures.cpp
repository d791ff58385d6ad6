#include "sample/process_figures.hpp"

#include "io/kernel_file.hpp"
#include "io/parse.hpp"

#include <cstdio>

namespace lxcmon::sample {
bool parse_process_stat(std::string_view text, ProcessFigures& figures) noexcept {
    // The name stands in brackets and may have brackets, spaces and newlines in it; behind it there are none.
    const std::size_t begin = text.find('(');
    const std::size_t end = text.rfind(')');
    if (begin == std::string_view::npos || end == std::string_view::npos || end <= begin + 1 ||
        end + 2 > text.size())
        return false;
    const std::string_view name = text.substr(begin + 1, end - begin - 1);
    if (name.size() > figures.name.size())
        return false;
    std::string_view rest = text.substr(end + 2);
    std::array<std::string_view, 20> fields; // from field 3, state, to field 22, starttime
    for (std::string_view& field : fields)
        field = io::take_until(rest, ' ');
    const auto field = [&](std::size_t number) { return io::parse_count(fields[number - 3]); };
    const auto user = field(14);
    const auto system = field(15);
    const auto threads = field(20);
    const auto start = field(22);
    if (!user || !system || !threads || !start || rest.empty() ||
        __builtin_add_overflow(*user, *system, &figures.cpu_ticks))
        return false;
    figures.name_bytes = static_cast<std::uint32_t>(name.copy(figures.name.data(), name.size()));
    figures.start_ticks = *start;
    figures.threads = *threads;
    return true;
}

std::optional<std::int64_t> parse_process_statm(std::string_view text) noexcept {
    if (!io::single_line(text))
        return std::nullopt;
    static_cast<void>(io::take_until(text, ' ')); // the size of its address space
    const auto pages = io::parse_count(io::take_until(text, ' '));
    return pages && *pages > 0 && !text.empty() ? pages : std::nullopt;
}

void parse_process_io(std::string_view text, ProcessFigures& figures) noexcept {
    io::for_each_line(text, [&](std::string_view line) {
        const std::string_view key = io::take_until(line, ' ');
        if (key == "read_bytes:")
            figures.read_bytes = io::parse_count(line);
        else if (key == "write_bytes:")
            figures.write_bytes = io::parse_count(line);
    });
}

ProcessFigures read_process(int proc_fd, pid_t pid, bool want_io, std::span<char> buffer) noexcept {
    std::array<char, 32> path{};
    ProcessFigures figures;
    // stat last: where it is there the process had not ended, and what is missing can't be had.
    if (want_io) {
        std::snprintf(path.data(), path.size(), "%d/io", pid);
        parse_process_io(io::read_once(proc_fd, path.data(), buffer).text, figures);
    }
    std::snprintf(path.data(), path.size(), "%d/statm", pid);
    figures.rss_pages = parse_process_statm(io::read_once(proc_fd, path.data(), buffer).text);
    std::snprintf(path.data(), path.size(), "%d/stat", pid);
    if (parse_process_stat(io::read_once(proc_fd, path.data(), buffer).text, figures))
        figures.pid = pid;
    return figures;
}

} // namespace lxcmon::sample
