// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "push/top/view.hpp"

#include <memory>
#include <optional>
#include <span>

namespace lxcmon::push {

/// The terminal on standard input and output, for the whole screen: the only user of ncurses. One at a time;
/// main thread only. Block SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP and SIGWINCH in all threads
/// before, and call suspend() and resize() when they come.
class Screen {
  public:
    /// Throws std::runtime_error if $TERM names no terminal that can show a screen.
    Screen();
    ~Screen();
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;
    Screen(Screen&&) = delete;
    Screen& operator=(Screen&&) = delete;

    [[nodiscard]] static ScreenSize size() noexcept;
    /// False: a signal came meanwhile that ends the program. If the terminal takes no output, the signal ends
    /// it at once.
    [[nodiscard]] static bool draw(std::span<const ScreenLine> lines);
    /// A key that was pressed; nothing if there is none. Does not block.
    [[nodiscard]] static std::optional<Key> read_key();
    /// For SIGTSTP: gives the terminal back and stops the process. When it goes on, the next draw() shows the
    /// screen again.
    static void suspend();
    /// For SIGWINCH, before the next draw().
    static void resize();

  private:
    struct Terminal;
    std::unique_ptr<Terminal> terminal_;
};

/// True if standard input and output are terminals.
[[nodiscard]] bool has_terminal() noexcept;

} // namespace lxcmon::push
