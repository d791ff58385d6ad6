// SPDX-License-Identifier: GPL-2.0-or-later
// View::scroll() may follow in the same unity file.
#define NCURSES_NOMACROS
#include "push/top/screen.hpp"

#include "text/printable.hpp"

#include <curses.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>

namespace lxcmon::push {
namespace {

constexpr int escape_delay_ms = 50;
constexpr short alarm_pair = 1;
constexpr wint_t escape_character = 27;
constexpr wint_t last_control_character = 31;

std::string terminal_type() {
    const char* const type = std::getenv("TERM");
    return type == nullptr ? "" : type;
}

attr_t attributes_of(LineStyle style) {
    switch (style) {
    case LineStyle::title:
        return A_BOLD;
    case LineStyle::selected:
        return A_REVERSE;
    case LineStyle::alarm:
        return has_colors() ? A_BOLD | static_cast<attr_t>(COLOR_PAIR(alarm_pair)) : A_BOLD;
    case LineStyle::hint:
        return A_DIM;
    case LineStyle::plain:
        break;
    }
    return A_NORMAL;
}

std::optional<Key> key_of(wint_t code) {
    using Kind = Key::Kind;
    switch (code) {
    case KEY_UP:
        return Key{Kind::up};
    case KEY_DOWN:
        return Key{Kind::down};
    case KEY_PPAGE:
        return Key{Kind::page_up};
    case KEY_NPAGE:
        return Key{Kind::page_down};
    case KEY_HOME:
        return Key{Kind::home};
    case KEY_END:
        return Key{Kind::end};
    case KEY_ENTER:
        return Key{Kind::enter};
    case KEY_BACKSPACE:
        return Key{Kind::backspace};
    default:
        return std::nullopt;
    }
}

Key key_of_character(wint_t character) {
    using Kind = Key::Kind;
    switch (character) {
    case L'\n':
    case L'\r':
        return {Kind::enter};
    case escape_character:
        return {Kind::escape};
    case L'\b':
    case 0x7f:
        return {Kind::backspace};
    default:
        return {Kind::character, static_cast<char32_t>(character)};
    }
}

constexpr unsigned patience_seconds = 1;
volatile std::sig_atomic_t end_signal = 0;

extern "C" void note_end(int number) {
    if (end_signal == 0)
        ::alarm(patience_seconds);
    end_signal = number;
}

extern "C" void end_at_once(int /*number*/) {
    ::_exit(128 + end_signal);
}

extern "C" void no_handler(int /*number*/) {}

/// ncurses sets SIGTSTP to be ignored while it writes, unless it finds a handler here: a Ctrl-Z that is
/// pending at that moment would be lost. Its own handler is for programs without threads.
SCREEN* open_terminal() {
    std::signal(SIGTSTP, &no_handler);
    SCREEN* const screen = newterm(nullptr, stdout, stdin);
    std::signal(SIGTSTP, SIG_DFL);
    return screen;
}

/// While it lives, a signal that ends the program need not wait for a terminal that takes no output, as one
/// that is stopped with Ctrl-S: after a second the program ends where it is.
class EndableOutput {
  public:
    EndableOutput() {
        end_signal = 0;
        sigset_t ends;
        sigemptyset(&ends);
        for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
            std::signal(number, &note_end);
            sigaddset(&ends, number);
        }
        std::signal(SIGALRM, &end_at_once);
        pthread_sigmask(SIG_UNBLOCK, &ends, &before_);
    }
    ~EndableOutput() {
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
        ::alarm(0);
    }
    EndableOutput(const EndableOutput&) = delete;
    EndableOutput& operator=(const EndableOutput&) = delete;
    EndableOutput(EndableOutput&&) = delete;
    EndableOutput& operator=(EndableOutput&&) = delete;

  private:
    sigset_t before_{};
};

} // namespace

struct Screen::Terminal {
    SCREEN* screen = nullptr;

    Terminal()
        : screen(open_terminal()) {}
    ~Terminal() {
        if (screen == nullptr)
            return;
        const EndableOutput endable;
        ::alarm(patience_seconds); // the program ends in any case
        endwin();
        delscreen(screen);
    }
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;
    Terminal(Terminal&&) = delete;
    Terminal& operator=(Terminal&&) = delete;
};

Screen::Screen()
    : terminal_(std::make_unique<Terminal>()) {
    // Without moving the cursor there is no screen: TERM=dumb.
    if (terminal_->screen == nullptr || tigetstr("cup") == nullptr)
        throw std::runtime_error(
            "TERM='" + text::printable(terminal_type()) +
            "' is no terminal that can show a screen; expected for example xterm-256color. Set TERM, or "
            "use lxcmon-push top | cat for one table");
    set_escdelay(escape_delay_ms);
    cbreak();
    noecho();
    keypad(stdscr, true);
    nodelay(stdscr, true);
    curs_set(0);
    if (has_colors()) {
        start_color();
        use_default_colors();
        init_pair(alarm_pair, COLOR_RED, -1);
    }
}

Screen::~Screen() = default;

ScreenSize Screen::size() noexcept {
    return {static_cast<std::size_t>(getmaxy(stdscr)), static_cast<std::size_t>(getmaxx(stdscr))};
}

bool Screen::draw(std::span<const ScreenLine> lines) {
    const EndableOutput endable;
    erase();
    int row = 0;
    for (const ScreenLine& line : lines) {
        attrset(static_cast<NCURSES_ATTR_T>(attributes_of(line.style)));
        mvaddstr(row++, 0, line.text.c_str());
    }
    attrset(A_NORMAL);
    refresh();
    return end_signal == 0;
}

std::optional<Key> Screen::read_key() {
    for (;;) {
        wint_t code = 0;
        const int kind = get_wch(&code);
        if (kind == ERR)
            return std::nullopt;
        if (kind != KEY_CODE_YES)
            return key_of_character(code);
        if (const auto key = key_of(code))
            return key;
    }
}

void Screen::suspend() {
    {
        const EndableOutput endable;
        endwin();
    }
    sigset_t stop, before;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    std::raise(SIGTSTP); // pending, as it is blocked
    pthread_sigmask(SIG_UNBLOCK, &stop, &before);
    // Here the process is stopped, and goes on with SIGCONT.
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    resize();
}

void Screen::resize() {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
        resizeterm(size.ws_row, size.ws_col);
    clearok(curscr, true);
}

bool has_terminal() noexcept {
    return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
}

} // namespace lxcmon::push
