// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/managers/manager.hpp"

#include "discover/managers/instances.hpp"
#include "discover/managers/pve_config.hpp"
#include "text/counted.hpp"

#include <fmt/ranges.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <system_error>

namespace lxcmon::discover {
namespace {

/// Maximum size of one datagram.
constexpr std::size_t datagram_bytes = 4096;

void scan_pve_folder(int socket, const std::string& folder, const ManagerAnswer& before) noexcept {
    try {
        ManagerAnswer answer;
        const int error = read_pve_folder(folder, before, answer);
        send_answer(socket, answer, error);
    } catch (const std::exception&) { // no memory: the child ends without the last line
    }
}

void scan_instances(int socket, const std::string& daemon, const ManagerAnswer& /*before*/) noexcept {
    try {
        ManagerAnswer answer;
        const int error = ask_for_instances(daemon, answer);
        send_answer(socket, answer, error);
    } catch (const std::exception&) { // no memory: the child ends without the last line
    }
}

} // namespace

const ManagerKind& proxmox_ve() noexcept {
    static const ManagerKind kind{"proxmox ve",     "lxcmon-pve",    "pve-cluster", true,
                                  &scan_pve_folder, &is_made_by_pve, nullptr};
    return kind;
}

const ManagerKind& instance_daemon() noexcept {
    // Each folder of the lxcpath counts as a container until the daemon says otherwise.
    static const ManagerKind kind{
        "instances",
        "lxcmon-lxd",
        "its daemon",
        false,
        &scan_instances,
        [](const Container& container) { return is_managed_name(container.name); },
        "this LXD is older than 4.20 and can't list all projects: containers that have left are not known"};
    return kind;
}

std::unique_ptr<Manager> find_manager(bool is_pve, const std::string& daemon_socket,
                                      const DiscoverSettings& settings) {
    if (is_pve && has_pve_mount_point(settings.pve.folder))
        return std::make_unique<Manager>(proxmox_ve(), settings.pve.folder, settings.managers);
    if (!daemon_socket.empty())
        return std::make_unique<Manager>(instance_daemon(), daemon_socket, settings.managers);
    return nullptr;
}

void send_answer(int socket, const ManagerAnswer& answer, int error) noexcept {
    try {
        const std::string text = encode(answer, error);
        std::string_view rest = text;
        while (!rest.empty()) {
            const ssize_t length =
                ::send(socket, rest.data(), std::min(rest.size(), datagram_bytes), MSG_NOSIGNAL);
            if (length < 0)
                return;
            rest.remove_prefix(static_cast<std::size_t>(length));
        }
    } catch (const std::exception&) { // as above
    }
}

void Manager::start() {
    text_.clear();
    error_ = 0;
    try {
        worker_.start("starting the process that asks the manager of containers",
                      [this](int socket) { kind_.scan(socket, place_, answer_); });
    } catch (const std::system_error& error) {
        error_ = error.code().value();
    }
}

/// True if the scan has ended with an answer.
bool Manager::receive(std::chrono::milliseconds wait) {
    const Clock::time_point end = Clock::now() + wait;
    const auto left = [&] { return std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()); };
    while (worker_.is_running() && worker_.wait_for_reply(left())) {
        std::array<char, datagram_bytes> piece{};
        const ssize_t length = ::recv(worker_.socket(), piece.data(), piece.size(), 0);
        if (length <= 0 || text_.size() >= most_answer_bytes)
            return finish_scan();
        text_.append(piece.data(), static_cast<std::size_t>(length));
    }
    return false;
}

/// The child has closed its socket. An answer like the last one is not parsed: it may be of a large cluster.
bool Manager::finish_scan() {
    worker_.kill();
    if (text_ == last_text_ && !text_.empty()) {
        asked_ = since_;
        return true;
    }
    ManagerAnswer fresh;
    error_ = decode(text_, fresh);
    if (error_ != 0) {
        ask_soon();
        return false;
    }
    asked_ = since_;
    last_text_ = std::move(text_);
    answer_ = std::move(fresh);
    return true;
}

/// After a failure.
void Manager::ask_soon() {
    if (!last_text_.empty() || (error_ == ENOTSUP && kind_.too_old != nullptr))
        return;
    next_ = std::min(next_, Clock::now() + retry_);
    retry_ = std::min(2 * retry_, settings_.period);
}

bool Manager::refresh(bool has_containers, bool may_wait) {
    if (!has_containers && !kind_.announces)
        return false;
    const bool is_first = std::exchange(is_first_, false);
    if (const Clock::time_point now = Clock::now(); !worker_.is_running() && now >= next_) {
        since_ = now;
        next_ = now + settings_.period;
        start();
        if (error_ != 0)
            ask_soon();
    }
    const bool has_answer =
        receive(is_first && may_wait ? settings_.first_wait : std::chrono::milliseconds(0));
    if (!worker_.is_running() && error_ == ENOTSUP && kind_.too_old != nullptr)
        note(kind_.too_old);
    else if (!worker_.is_running())
        note(error_ != 0 ? "can't be read: " + std::generic_category().message(error_) : std::string());
    else if (Clock::now() - since_ >= settings_.hang_after)
        note("does not answer");
    return has_answer;
}

void Manager::note(std::string trouble) {
    if (trouble == trouble_)
        return;
    trouble_ = std::move(trouble);
    if (trouble_.empty())
        spdlog::info("{} answers again", place_);
    else if (is_too_old())
        spdlog::info("{}: {}", place_, trouble_);
    else
        spdlog::warn("{} {}: what it said of its containers stays as it was (is {} running?)", place_,
                     trouble_, kind_.service);
}

const Managed* Manager::find(std::string_view name) const noexcept {
    const auto at = answer_.here.find(name);
    return at != answer_.here.end() ? &at->second : nullptr;
}

std::string_view Manager::left_for(const Container& container, Clock::time_point since) const noexcept {
    if (last_text_.empty() || answer_.here.contains(container.name) || !kind_.is_its(container))
        return {};
    const auto at = answer_.elsewhere.find(container.name);
    if (at != answer_.elsewhere.end())
        return at->second;
    return since < asked_ ? destroyed : std::string_view();
}

Finding Manager::finding(std::span<const std::string> left) const {
    constexpr std::size_t most_named = 5;
    if (is_too_old())
        return {kind_.name, true, fmt::format("{}: {}", place_, trouble_)};
    if (!trouble_.empty() || last_text_.empty())
        return {kind_.name, false,
                fmt::format("{} {}: is {} running?", place_, trouble_.empty() ? "does not answer" : trouble_,
                            kind_.service)};
    std::string message = fmt::format("{} has {}", place_, text::counted(answer_.here.size(), "container"));
    if (!left.empty())
        message +=
            fmt::format("; {} not shown, because they have left for another node or been destroyed: {}{}",
                        left.size(), fmt::join(left.first(std::min(left.size(), most_named)), ", "),
                        left.size() > most_named ? ", ..." : "");
    return {kind_.name, true, message};
}

} // namespace lxcmon::discover
