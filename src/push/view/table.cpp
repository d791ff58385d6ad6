// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/view/table.hpp"

#include "text/display_width.hpp"
#include "text/table.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>

namespace lxcmon::push {
namespace {

constexpr std::size_t gap = 2;
/// A name is not cut below this as long as another column can go.
constexpr std::size_t shortest_name = 12;

using Cells = std::vector<std::vector<std::string>>; ///< by column, then by row

Cells cells_of(std::span<const Figures> rows, const std::vector<const Column*>& columns) {
    Cells cells(columns.size());
    for (std::size_t index = 0; index < columns.size(); ++index)
        for (const Figures& row : rows)
            cells[index].push_back(columns[index]->text(row));
    return cells;
}

std::vector<std::size_t> widths_of(const Cells& cells, const std::vector<const Column*>& columns) {
    std::vector<std::size_t> widths;
    for (std::size_t index = 0; index < columns.size(); ++index) {
        std::size_t width = columns[index]->title.size();
        for (const std::string& cell : cells[index])
            width = std::max(width, text::display_width(cell));
        widths.push_back(width);
    }
    return widths;
}

/// What is sorted by stays longest.
int rank_of(const Column& column, SortBy sort) noexcept {
    return sort != SortBy::name && column.sorts == sort ? 0 : column.rank;
}

/// Leaves out columns until the others fit, with a name of `shortest_name`. Returns the width for names.
std::size_t fit(std::vector<const Column*>& columns, Cells& cells, std::size_t width, SortBy sort) {
    std::vector<std::size_t> widths = widths_of(cells, columns);
    const auto rest = [&] {
        return std::accumulate(widths.begin() + 1, widths.end(), std::size_t{0}) + gap * (widths.size() - 1);
    };
    const auto rank = [sort](const Column* column) { return rank_of(*column, sort); };
    while (columns.size() > 1 && rest() + std::min(widths.front(), shortest_name) > width) {
        const int last = rank(*std::ranges::max_element(columns.begin() + 1, columns.end(), {}, rank));
        for (std::size_t index = columns.size(); index-- > 1;) {
            if (rank(columns[index]) != last)
                continue;
            const auto offset = static_cast<std::ptrdiff_t>(index);
            columns.erase(columns.begin() + offset);
            cells.erase(cells.begin() + offset);
            widths.erase(widths.begin() + offset);
        }
    }
    return std::min(widths.front(), width - std::min(width, rest()));
}

} // namespace

std::string table_text(std::span<const Figures> rows, std::vector<const Column*> columns,
                       std::optional<std::size_t> width, SortBy sort) {
    Cells cells = cells_of(rows, columns);
    if (width) {
        const std::size_t name_width = fit(columns, cells, *width, sort);
        for (std::string& name : cells.front())
            name = text::cut_to_width(name, name_width);
    }
    std::vector<std::vector<std::string>> lines(rows.size() + 1);
    std::vector<bool> to_the_right;
    for (std::size_t index = 0; index < columns.size(); ++index) {
        lines.front().emplace_back(columns[index]->title);
        for (std::size_t row = 0; row < rows.size(); ++row)
            lines[row + 1].push_back(std::move(cells[index][row]));
        to_the_right.push_back(columns[index]->is_right_aligned);
    }
    return text::aligned(lines, to_the_right);
}

std::optional<std::size_t> terminal_width() noexcept {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return std::nullopt;
    return size.ws_col;
}

Figures total_of(std::span<const Figures> containers) {
    Figures total;
    std::size_t running = 0;
    const auto add = [](auto& sum, const auto& number) {
        if (number)
            sum = sum.value_or(0) + *number;
    };
    for (const Figures& each : containers) {
        running += each.init_pid ? 1 : 0;
        add(total.cpu_percent, each.cpu_percent);
        add(total.memory_used_bytes, each.memory_used_bytes);
        add(total.rx_bytes_per_sec, each.rx_bytes_per_sec);
        add(total.tx_bytes_per_sec, each.tx_bytes_per_sec);
        add(total.read_bytes_per_sec, each.read_bytes_per_sec);
        add(total.write_bytes_per_sec, each.write_bytes_per_sec);
        add(total.processes, each.processes);
        total.restarts += each.restarts;
        total.oom_kills += each.oom_kills;
    }
    total.name = "TOTAL " + std::to_string(containers.size());
    total.state = std::to_string(running) + " run";
    return total;
}

} // namespace lxcmon::push
