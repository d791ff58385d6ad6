// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "push/view/figures.hpp"
#include "push/view/order.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lxcmon::push {

/// A key that was pressed.
struct Key {
    enum class Kind : std::uint8_t {
        character,
        up,
        down,
        page_up,
        page_down,
        home,
        end,
        enter,
        escape,
        backspace
    };
    Kind kind = Kind::character;
    char32_t character = 0;
};

enum class LineStyle : std::uint8_t { plain, title, selected, alarm, hint };

struct ScreenLine {
    std::string text; ///< no wider than the screen
    LineStyle style = LineStyle::plain;
};

struct ScreenSize {
    std::size_t rows = 24, columns = 80;
};

/// What `top` shows, and what its keys change: no terminal, no clock.
class View {
  public:
    explicit View(ViewSettings settings)
        : settings_(std::move(settings)) {}

    /// The figures of a tick.
    void show(Overview overview);
    /// Those of the last one; without a time before the first.
    [[nodiscard]] const Overview& overview() const noexcept { return overview_; }
    /// The container whose details are wanted, as (name, lxcpath).
    [[nodiscard]] const std::optional<std::pair<std::string, std::string>>& expanded() const noexcept {
        return expanded_;
    }
    void show_details(std::vector<std::string> lines) { details_ = std::move(lines); }
    /// The last message of the log; empty: none.
    void show_message(std::string message) { message_ = std::move(message); }
    /// False: end.
    [[nodiscard]] bool press(const Key& key);
    /// The lines of the screen, at most size.rows. `title` says whose screen this is.
    [[nodiscard]] std::vector<ScreenLine> draw(const ScreenSize& size, const std::string& title);

  private:
    ViewSettings settings_;
    Overview overview_;
    std::vector<Figures> rows_; ///< those that are shown, sorted
    std::vector<std::string> details_;
    std::string message_;
    std::string filter_;
    bool is_typing_ = false, has_help_ = false;
    std::optional<std::pair<std::string, std::string>> expanded_, selected_;
    std::size_t first_row_ = 0, page_rows_ = 1;
    std::size_t first_line_ = 0; ///< of the text that is shown instead of the containers
    bool has_more_lines_ = false;

    void choose_rows();
    [[nodiscard]] std::size_t selected_row() const;
    void move(std::ptrdiff_t rows);
    void press_while_typing(const Key& key);
    [[nodiscard]] bool press_character(char32_t character);
    void press_other(Key::Kind kind);
    void expand();
    void turn_page(Key::Kind kind);
    /// What is above the table, shorter where the screen has few rows.
    [[nodiscard]] std::vector<ScreenLine> draw_head(const ScreenSize& size, const std::string& title) const;
    void draw_containers(std::vector<ScreenLine>& lines, const ScreenSize& size);
    void draw_expanded(std::vector<ScreenLine>& lines, const ScreenSize& size);
    void draw_text(std::vector<ScreenLine>& lines, const std::vector<std::string>& text,
                   const ScreenSize& size);
    [[nodiscard]] std::string last_line() const;
};

} // namespace lxcmon::push
