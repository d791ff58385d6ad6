#include "app/service_notify.hpp"

#include "io/clock.hpp"
#include "text/utf8.hpp"

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace lxcmon::app {
namespace {

/// Nobody could do anything about a message that is not taken: the watchdog will.
void send(const std::string& message) {
    static_cast<void>(::sd_notify(0, message.c_str()));
}

/// A server's words may stand in it: a line end would begin another assignment (MAINPID=, ...), and systemd
/// takes nothing but UTF-8.
std::string shown(std::string_view status) {
    constexpr std::size_t most_bytes = 500;
    std::string text;
    text::append_text(
        text, status, [&](char c) { text += text::is_control(c) ? ' ' : c; }, most_bytes);
    return text;
}

} // namespace

ServiceNotify::ServiceNotify()
    : is_heard_(std::getenv("NOTIFY_SOCKET") != nullptr) {
    std::uint64_t usec = 0;
    if (is_heard_ && ::sd_watchdog_enabled(0, &usec) > 0) // else the loop would never wait
        watchdog_ = std::chrono::microseconds(usec);
}

void ServiceNotify::ready() {
    send("READY=1");
}

void ServiceNotify::reloading() {
    // The time tells systemd which READY=1 belongs to it (Type=notify-reload).
    send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(io::now_ns(CLOCK_MONOTONIC) / 1000));
}

void ServiceNotify::stopping(std::string_view status) {
    send("STOPPING=1\nSTATUS=" + shown(status));
}

void ServiceNotify::alive(std::string_view status, Clock::time_point now) {
    if (!is_heard_)
        return;
    std::string message;
    if (std::string line = shown(status); line != status_) {
        message = "STATUS=" + line + '\n';
        status_ = std::move(line);
    }
    // Not with each tick: ticks may be many in a second.
    if (watchdog_ && (!message.empty() || now - fed_at_ >= *watchdog_ / 4)) {
        message += "WATCHDOG=1\n";
        fed_at_ = now;
    }
    if (!message.empty())
        send(message);
}

int ServiceNotify::wait_msec(Clock::time_point now) const {
    if (!watchdog_)
        return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(fed_at_ + *watchdog_ / 2 - now).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 86'400'000));
}

} // namespace lxcmon::app
