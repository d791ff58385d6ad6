// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/collector.hpp"
#include "app/standard_output.hpp"
#include "io/clock.hpp"
#include "io/signal_fd.hpp"
#include "push/commands/commands.hpp"
#include "push/commands/overview_table.hpp"
#include "push/top/details.hpp"
#include "push/top/screen.hpp"
#include "push/top/view_text.hpp"
#include "text/clean_name.hpp"
#include "text/display_width.hpp"
#include "text/printable.hpp"

#include <fmt/chrono.h>
#include <poll.h>
#include <spdlog/sinks/ringbuffer_sink.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>

namespace lxcmon::push {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds default_interval = 2s;
/// The first rates come soon.
constexpr std::chrono::nanoseconds first_interval = 500ms;
constexpr std::size_t kept_messages = 50;
/// A message of the log is shown for so long.
constexpr std::chrono::nanoseconds message_time = 10s;

/// Keeps the log's messages while the screen is in use, and writes them to standard error afterwards.
class KeptLog {
  public:
    KeptLog()
        : ring_(std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(kept_messages))
        , sinks_(std::exchange(spdlog::default_logger()->sinks(), {ring_})) {
        ring_->set_pattern("%v");
    }
    ~KeptLog() {
        spdlog::default_logger()->sinks() = sinks_;
        // The names in them are untrusted.
        for (const std::string& line : ring_->last_formatted())
            std::fprintf(stderr, "%s\n", text::printable(line.substr(0, line.find('\n'))).c_str());
    }
    KeptLog(const KeptLog&) = delete;
    KeptLog& operator=(const KeptLog&) = delete;
    KeptLog(KeptLog&&) = delete;
    KeptLog& operator=(KeptLog&&) = delete;

    [[nodiscard]] std::string last() const {
        const auto lines = ring_->last_formatted(1);
        return lines.empty() ? "" : lines.front().substr(0, lines.front().find('\n'));
    }

  private:
    std::shared_ptr<spdlog::sinks::ringbuffer_sink_mt> ring_;
    std::vector<spdlog::sink_ptr> sinks_;
};

/// Samples, and shows the figures until the user has seen enough.
class Top {
  public:
    Top(const Invocation& invocation, std::chrono::nanoseconds interval)
        : collector_(top_settings(invocation, interval))
        , interval_(interval)
        , view_(view_settings(invocation, "cpu")) {}

    void run() {
        io::SignalFd signals({SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH});
        KeptLog log;
        Screen screen;
        view_.show_message("Looking for containers ...");
        draw();
        while (!has_ended_) {
            if (io::now_ns(CLOCK_MONOTONIC) >= next_ns_) {
                sample();
                show_message(log.last());
            }
            draw();
            wait(signals);
        }
    }

  private:
    static app::CollectSettings top_settings(const Invocation& invocation,
                                             std::chrono::nanoseconds interval) {
        app::CollectSettings settings = overview_settings(invocation);
        settings.metrics.emplace_back("lxc_process");
        settings.interval = interval;
        settings.reads_all = true;
        return settings;
    }

    void sample() {
        const std::int64_t begin_ns = io::now_ns(CLOCK_MONOTONIC);
        const std::int64_t before_ns = view_.overview().monotonic_ns;
        collector_.collect(io::now_ns(CLOCK_REALTIME));
        view_.show(read_overview(collector_, view_.overview()));
        read_details();
        next_ns_ = begin_ns + (before_ns == 0 ? std::min(first_interval, interval_) : interval_).count();
    }

    void show_message(const std::string& message) {
        if (message != message_)
            message_end_ns_ = io::now_ns(CLOCK_MONOTONIC) + message_time.count();
        message_ = message;
        view_.show_message(io::now_ns(CLOCK_MONOTONIC) < message_end_ns_ ? message : "");
    }

    void read_details() {
        const auto& wanted = view_.expanded();
        if (!wanted)
            return;
        const auto& containers = collector_.table.containers();
        const auto found = std::ranges::find_if(containers, [&](const Container* each) {
            return each->name == wanted->first && each->lxcpath == wanted->second;
        });
        if (found == containers.end())
            return;
        details_.read(collector_.points, text::clean_name((*found)->name),
                      (*found)->shadowed ? text::clean_name((*found)->lxcpath) : "",
                      view_.overview().monotonic_ns);
        view_.show_details(details_.lines());
    }

    void draw() {
        const std::time_t now = std::time(nullptr);
        std::tm local{};
        ::localtime_r(&now, &local);
        const std::string title = "lxcmon-push top  " + collector_.settings().sample.tags.host +
                                  fmt::format("  {:%H:%M:%S}", local);
        if (!Screen::draw(view_.draw(Screen::size(), text::for_terminal(title))))
            has_ended_ = true;
    }

    /// Until the next sample, a key or a signal.
    void wait(io::SignalFd& signals) {
        const std::int64_t left_ns = std::max<std::int64_t>(next_ns_ - io::now_ns(CLOCK_MONOTONIC), 0);
        std::array<pollfd, 2> wanted{{{STDIN_FILENO, POLLIN, 0}, {signals.fd(), POLLIN, 0}}};
        ::poll(wanted.data(), wanted.size(), static_cast<int>(left_ns / 1'000'000) + 1);
        const auto before = view_.expanded();
        bool has_key = false;
        while (const auto key = Screen::read_key()) {
            has_key = true;
            has_ended_ = has_ended_ || !view_.press(*key);
        }
        note_unread((wanted[0].revents & POLLIN) != 0 && !has_key);
        if (view_.expanded() != before)
            read_details();
        // The terminal is gone.
        if ((wanted[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0)
            has_ended_ = true;
        for (std::string name = signals.read_name(); !name.empty(); name = signals.read_name()) {
            if (name == "SIGTSTP")
                Screen::suspend();
            else if (name == "SIGWINCH")
                Screen::resize();
            else
                has_ended_ = true;
        }
    }

    /// Input that is there and can't be read: the terminal belongs to others now, and nobody can end this
    /// program there (an orphaned process group, termios(4)). Half a character may be seen as such, but not
    /// again and again.
    void note_unread(bool is_unread) {
        constexpr int most = 20;
        int bytes = 0;
        is_unread = is_unread && ::ioctl(STDIN_FILENO, FIONREAD, &bytes) == 0 && bytes > 0;
        unread_ = is_unread ? unread_ + 1 : 0;
        has_ended_ = has_ended_ || unread_ > most;
    }

    app::Collector collector_;
    std::chrono::nanoseconds interval_;
    View view_;
    Details details_;
    std::int64_t next_ns_ = 0;
    std::string message_;
    std::int64_t message_end_ns_ = 0;
    bool has_ended_ = false;
    int unread_ = 0; ///< waits in a row
};

int print_once(const Invocation& invocation) {
    const ViewSettings settings = view_settings(invocation, "cpu");
    const OneOverview one = take_overview(invocation, settings);
    app::print(host_text(one.overview, std::string::npos) + "\n\n" +
               overview_table(one.overview, settings.sort));
    return one.has_faults ? 1 : 0;
}

} // namespace

int top(const Invocation& invocation) {
    text::use_utf8_locale();
    if (!has_terminal())
        return print_once(invocation);
    // Before the threads and helper processes of the collector.
    io::block_signals({SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH});
    Top(invocation, invocation.interval_of_command_line.value_or(default_interval)).run();
    return 0;
}

} // namespace lxcmon::push
