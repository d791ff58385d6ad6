// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/service_notify.hpp"

#include "io/clock.hpp"
#include "text/utf8.hpp"

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace lxcmon::app {
namespace {

/// Ignores errors: if systemd gets no message, its watchdog acts.
void send(const std::string& message) {
    static_cast<void>(::sd_notify(0, message.c_str()));
}

/// The status may contain text of a server: a line end would begin another assignment (MAINPID=, ...), and
/// systemd accepts only UTF-8.
std::string shown(std::string_view status) {
    constexpr std::size_t most_bytes = 500;
    std::string text;
    text::append_text(
        text, status, [&](char c) { text += text::is_control(c) ? ' ' : c; }, most_bytes);
    return text;
}

} // namespace

ServiceNotify::ServiceNotify()
    : is_enabled_(std::getenv("NOTIFY_SOCKET") != nullptr) {
    std::uint64_t usec = 0;
    if (is_enabled_ && ::sd_watchdog_enabled(0, &usec) > 0) // alive() feeds it only with a socket
        watchdog_ = std::chrono::microseconds(usec);
}

void ServiceNotify::ready() {
    send("READY=1");
}

void ServiceNotify::reloading() {
    // With the time systemd finds the READY=1 that belongs to it (Type=notify-reload).
    send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(io::now_ns(CLOCK_MONOTONIC) / 1000));
}

void ServiceNotify::stopping(std::string_view status) {
    send("STOPPING=1\nSTATUS=" + shown(status));
}

void ServiceNotify::alive(std::string_view status, Clock::time_point now) {
    if (!is_enabled_)
        return;
    std::string message;
    if (std::string line = shown(status); line != status_) {
        message = "STATUS=" + line + '\n';
        status_ = std::move(line);
    }
    // Ticks may be more frequent than the watchdog needs.
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
