// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/table.hpp"

#include <libsmartcols.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <system_error>

namespace lxcmon::text {
namespace {

void check_made(int result) {
    if (result < 0)
        throw std::system_error(-result, std::generic_category(), "making a table");
}

template <typename Pointer>
Pointer* check_made(Pointer* made) {
    if (made == nullptr)
        throw std::system_error(ENOMEM, std::generic_category(), "making a table");
    return made;
}

/// libsmartcols fills a line to the width of its last column, and leaves out a last line without width.
std::string without_blanks_at_ends(std::string_view text, std::size_t rows) {
    std::string lines;
    std::size_t count = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        lines += line.substr(0, line.find_last_not_of(' ') + 1);
        lines += '\n';
        ++count;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines.append(rows - std::min(rows, count), '\n');
}

} // namespace

std::string aligned(const std::vector<std::vector<std::string>>& rows,
                    const std::vector<bool>& to_the_right) {
    if (rows.empty())
        return "";
    const std::unique_ptr<libscols_table, decltype(&scols_unref_table)> table(check_made(scols_new_table()),
                                                                              &scols_unref_table);
    check_made(scols_table_set_column_separator(table.get(), "  "));
    // Neither cut nor stretched to the terminal.
    check_made(scols_table_set_termforce(table.get(), SCOLS_TERMFORCE_NEVER));
    check_made(scols_table_enable_noheadings(table.get(), 1));
    for (std::size_t index = 0; index < rows.front().size(); ++index)
        // The cells are safe for a terminal; otherwise their own "\\x1b" would be shown as "\\x5cx1b".
        check_made(scols_column_set_safechars(
            check_made(scols_table_new_column(
                table.get(), "", 0, index < to_the_right.size() && to_the_right[index] ? SCOLS_FL_RIGHT : 0)),
            "\\"));
    for (const auto& row : rows) {
        libscols_line* const line = check_made(scols_table_new_line(table.get(), nullptr));
        for (std::size_t index = 0; index < row.size(); ++index)
            check_made(scols_line_set_data(line, index, row[index].c_str()));
    }
    char* text = nullptr;
    check_made(scols_print_table_to_string(table.get(), &text));
    const std::unique_ptr<char, decltype(&std::free)> owner(text, &std::free);
    return without_blanks_at_ends(text, rows.size());
}

} // namespace lxcmon::text
