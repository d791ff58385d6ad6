// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/top/view.hpp"

#include "io/parse.hpp"
#include "push/top/view_text.hpp"
#include "push/view/table.hpp"
#include "text/display_width.hpp"

#include <algorithm>

namespace lxcmon::push {
namespace {

constexpr std::size_t most_filter_bytes = 200;
/// With fewer rows, the order or the host gives its line to a container.
constexpr std::size_t rows_for_order = 8, rows_for_host = 6;

std::pair<std::string, std::string> place_of_row(const Figures& row) {
    return {row.name, row.lxcpath};
}

/// The row of a container; the end if it has none.
auto find_place(const std::vector<Figures>& rows,
                const std::optional<std::pair<std::string, std::string>>& place) {
    return std::ranges::find_if(rows, [&](const Figures& row) { return place == place_of_row(row); });
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    io::for_each_line(text, [&](std::string_view line) { lines.emplace_back(line); });
    return lines;
}

bool is_scroll(Key::Kind kind) noexcept {
    return kind == Key::Kind::page_up || kind == Key::Kind::page_down;
}

/// j and k are Down and Up, as in less(1).
Key with_arrows(const Key& key) noexcept {
    if (key.kind == Key::Kind::character && (key.character == U'j' || key.character == U'k'))
        return {key.character == U'j' ? Key::Kind::down : Key::Kind::up};
    return key;
}

} // namespace

void View::show(Overview overview) {
    overview_ = std::move(overview);
    choose_rows();
}

void View::choose_rows() {
    rows_.clear();
    for (const Figures& each : overview_.containers) {
        const bool has_name = contains(each.name, filter_) || contains(each.host_name, filter_);
        if (has_name && has_state(each, settings_))
            rows_.push_back(each);
    }
    sort(rows_, settings_.sort, settings_.is_reversed);
}

std::size_t View::selected_row() const {
    const auto found = find_place(rows_, selected_);
    return found == rows_.end() ? 0 : static_cast<std::size_t>(found - rows_.begin());
}

void View::move(std::ptrdiff_t rows) {
    if (rows_.empty())
        return;
    const auto last = static_cast<std::ptrdiff_t>(rows_.size()) - 1;
    // Where nothing is selected yet, Down selects the first one.
    const std::ptrdiff_t now = selected_ ? static_cast<std::ptrdiff_t>(selected_row()) : -1;
    selected_ =
        place_of_row(rows_[static_cast<std::size_t>(std::clamp(now + rows, std::ptrdiff_t{0}, last))]);
}

void View::press_while_typing(const Key& key) {
    if (key.kind == Key::Kind::enter) {
        is_typing_ = false;
    } else if (key.kind == Key::Kind::escape) {
        is_typing_ = false;
        filter_.clear();
    } else if (key.kind == Key::Kind::backspace) {
        remove_last_character(filter_);
    } else if (key.kind == Key::Kind::character && filter_.size() < most_filter_bytes) {
        append_character(filter_, key.character);
    }
    choose_rows();
}

bool View::press_character(char32_t character) {
    switch (character) {
    case U'q':
        return false;
    case U'c':
        settings_.sort = SortBy::cpu;
        break;
    case U'm':
        settings_.sort = SortBy::memory;
        break;
    case U'n':
        settings_.sort = SortBy::network;
        break;
    case U'd':
        settings_.sort = SortBy::disk;
        break;
    case U'p':
        settings_.sort = SortBy::processes;
        break;
    case U'a':
        settings_.sort = SortBy::name;
        break;
    case U'r':
        settings_.is_reversed = !settings_.is_reversed;
        break;
    case U'/':
        is_typing_ = true;
        break;
    case U'?':
    case U'h':
        has_help_ = true;
        first_line_ = 0;
        break;
    default:
        return true;
    }
    choose_rows();
    return true;
}

void View::press_other(Key::Kind kind) {
    const auto page = static_cast<std::ptrdiff_t>(page_rows_);
    const auto all = static_cast<std::ptrdiff_t>(rows_.size());
    switch (kind) {
    case Key::Kind::up:
        return move(-1);
    case Key::Kind::down:
        return move(1);
    case Key::Kind::page_up:
        return move(-page);
    case Key::Kind::page_down:
        return move(page);
    case Key::Kind::home:
        return move(-all);
    case Key::Kind::end:
        return move(all);
    case Key::Kind::enter:
        return expand();
    case Key::Kind::escape:
        filter_.clear();
        selected_.reset();
        return choose_rows();
    default:
        return;
    }
}

void View::turn_page(Key::Kind kind) {
    if (kind == Key::Kind::page_down && has_more_lines_)
        first_line_ += page_rows_;
    else if (kind == Key::Kind::page_up)
        first_line_ -= std::min(first_line_, page_rows_);
}

/// The selected container, or the first one. One that has just gone is not another one.
void View::expand() {
    const bool is_there = !selected_ || find_place(rows_, selected_) != rows_.end();
    if (!rows_.empty() && is_there)
        selected_ = expanded_ = place_of_row(rows_[selected_row()]);
    details_.clear();
    first_line_ = 0;
}

bool View::press(const Key& pressed) {
    const Key key = is_typing_ ? pressed : with_arrows(pressed);
    const bool is_quit = key.kind == Key::Kind::character && key.character == U'q';
    if (is_typing_) {
        press_while_typing(key);
    } else if ((has_help_ || expanded_) && is_scroll(key.kind)) {
        turn_page(key.kind);
    } else if (has_help_) {
        has_help_ = false;
        first_line_ = 0;
    } else if (expanded_ && (is_quit || key.kind == Key::Kind::escape || key.kind == Key::Kind::enter)) {
        expanded_.reset();
    } else if (expanded_ && key.kind != Key::Kind::character) {
        move(key.kind == Key::Kind::up ? -1 : key.kind == Key::Kind::down ? 1 : 0);
        if (expanded_ != selected_) {
            details_.clear();
            first_line_ = 0;
        }
        expanded_ = selected_;
    } else if (key.kind == Key::Kind::character) {
        return press_character(key.character);
    } else {
        press_other(key.kind);
    }
    return true;
}

std::string View::last_line() const {
    if (is_typing_)
        return "Filter by name: " + text::for_terminal(filter_) + "_   Enter: keep, Esc: remove";
    if (!message_.empty())
        return text::for_terminal(message_);
    const std::string more = has_more_lines_    ? "Page Down: more   "
                             : first_line_ != 0 ? "Page Up: back to the top   "
                                                : "";
    if (has_help_)
        return more + "Any other key: back";
    return expanded_ ? more + "Esc: back   Up, Down: another container   ?: help" : hint_text();
}

void View::draw_containers(std::vector<ScreenLine>& lines, const ScreenSize& size) {
    const bool has_order = lines.back().style == LineStyle::hint;
    // One line for the titles, and one for the hint.
    page_rows_ = size.rows - std::min(size.rows, lines.size() + 2);
    page_rows_ = std::max<std::size_t>(page_rows_, 1);
    const std::size_t selected = selected_row();
    if (selected >= first_row_ + page_rows_)
        first_row_ = selected - page_rows_ + 1;
    first_row_ = std::min(first_row_, selected);
    first_row_ = std::min(first_row_, rows_.size() - std::min(rows_.size(), page_rows_));
    // Widths are those of all rows: a column stays in its place when the screen is scrolled.
    const auto table =
        lines_of(table_text(rows_, columns_for(overview_.containers), size.columns, settings_.sort));
    const std::size_t last_row = std::min(rows_.size(), first_row_ + page_rows_);
    if (has_order && rows_.size() > page_rows_)
        lines.back().text += position_text(first_row_ + 1, last_row, rows_.size());
    lines.push_back({table.front(), LineStyle::title});
    for (std::size_t row = first_row_; row < last_row; ++row) {
        const bool is_alarm = rows_[row].restarts != 0 || rows_[row].oom_kills != 0;
        const bool is_selected = selected_ == place_of_row(rows_[row]);
        lines.push_back({table[row + 1], is_selected ? LineStyle::selected
                                         : is_alarm  ? LineStyle::alarm
                                                     : LineStyle::plain});
    }
    if (rows_.empty())
        lines.push_back({overview_.containers.empty() ? "No containers found." : "No container matches."});
}

void View::draw_expanded(std::vector<ScreenLine>& lines, const ScreenSize& size) {
    const auto found = find_place(overview_.containers, expanded_);
    if (found == overview_.containers.end()) {
        lines.push_back({text::for_terminal(expanded_->first) + " is gone."});
        return;
    }
    const std::vector<Figures> one{*found};
    const auto table = lines_of(table_text(one, columns_for(one), size.columns, settings_.sort));
    lines.push_back({table[0], LineStyle::title});
    lines.push_back({table[1]});
    lines.push_back({""});
    if (details_.empty())
        lines.push_back({found->init_pid ? "Its details come with the next sample." : "It does not run."});
    draw_text(lines, details_, size);
}

void View::draw_text(std::vector<ScreenLine>& lines, const std::vector<std::string>& text,
                     const ScreenSize& size) {
    page_rows_ = std::max<std::size_t>(size.rows - std::min(size.rows, lines.size() + 1), 1);
    first_line_ = std::min(first_line_, text.size() - std::min(text.size(), page_rows_));
    const std::size_t last = std::min(text.size(), first_line_ + page_rows_);
    has_more_lines_ = last < text.size();
    for (std::size_t index = first_line_; index < last; ++index)
        lines.push_back({text[index]});
}

std::vector<ScreenLine> View::draw_head(const ScreenSize& size, const std::string& title) const {
    std::vector<ScreenLine> lines{{title + summary_text(overview_), LineStyle::title}};
    if (size.rows >= rows_for_host)
        lines.push_back({host_text(overview_, size.columns)});
    if (size.rows >= rows_for_order)
        lines.push_back({order_text(settings_, filter_), LineStyle::hint});
    return lines;
}

std::vector<ScreenLine> View::draw(const ScreenSize& size, const std::string& title) {
    std::vector<ScreenLine> lines = draw_head(size, title);
    has_more_lines_ = false;
    if (has_help_)
        draw_text(lines, lines_of(help_text()), size);
    else if (expanded_)
        draw_expanded(lines, size);
    else
        draw_containers(lines, size);
    lines.resize(std::min(lines.size(), size.rows - std::min<std::size_t>(size.rows, 1)));
    while (lines.size() + 1 < size.rows)
        lines.push_back({""});
    lines.push_back({last_line(), LineStyle::hint});
    for (ScreenLine& line : lines)
        line.text = text::cut_to_width(line.text, size.columns);
    return lines;
}

} // namespace lxcmon::push
