// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/monitors/sockets.hpp"

#include "io/kernel_file.hpp"
#include "io/parse.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <system_error>
#include <utility>

namespace lxcmon::discover {
namespace {

constexpr std::string_view command_suffix = "/command";
constexpr const char* sockets_file = "/proc/net/unix";
constexpr std::size_t most_sockets_bytes = 64U << 20U;
constexpr std::int64_t most_cpu_ns = 50'000'000;

/// 64-bit FNV-1a, as in liblxc.
std::uint64_t hash_of(std::string_view text) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (const char c : text) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 0x100000001b3ULL;
    }
    return hash;
}

/// Takes the columns in front of the name off a line of a listening stream socket with an abstract name, and
/// that name's `@`. Returns the inode, or 0 for any other line.
std::uint64_t take_listener(std::string_view& line) noexcept {
    // num: refcount protocol flags type state inode path; flags 00010000 is __SO_ACCEPTCON, type 0001
    // SOCK_STREAM
    std::array<std::string_view, 7> front;
    for (std::string_view& word : front) {
        while (line.starts_with(' '))
            line.remove_prefix(1);
        word = io::take_until(line, ' ');
    }
    if (front[3] != "00010000" || front[4] != "0001" || !line.starts_with('@'))
        return 0;
    line.remove_prefix(1);
    return io::parse_number<std::uint64_t>(front[6]).value_or(0);
}

} // namespace

std::string monitor_socket_name(const std::string& lxcpath, const std::string& name) {
    std::string socket = lxcpath + "/" + name + std::string(command_suffix);
    if (socket.size() < sizeof(sockaddr_un::sun_path) - 1)
        return socket;
    std::array<char, 32> hashed{};
    std::snprintf(hashed.data(), hashed.size(), "lxc/%016llx",
                  static_cast<unsigned long long>(hash_of(lxcpath + "/" + name)));
    return hashed.data() + std::string(command_suffix);
}

MonitorSockets::MonitorSockets(std::string proc_net_unix)
    : text_(std::move(proc_net_unix)) {
    parse();
}

int MonitorSockets::read() {
    if (const int error =
            io::try_read_whole(AT_FDCWD, sockets_file, next_text_, most_sockets_bytes, most_cpu_ns);
        error != 0)
        return error;
    text_.swap(next_text_);
    parse();
    return 0;
}

void MonitorSockets::refresh() {
    const int error = read();
    constexpr const char* what = "reading /proc/net/unix";
    if (std::exchange(is_first_, false) && error != 0 && error != ETIME)
        throw std::system_error(error, std::generic_category(), what);
    if (std::exchange(error_, error) == error)
        return;
    if (error != 0)
        spdlog::error(
            "{}: {}; containers that start are not seen, and stopped ones are left out, until it works", what,
            error == ETIME ? "it takes too much time: a user has made thousands of sockets [ss -xap]"
                           : std::generic_category().message(error));
    else
        spdlog::info("{} works again", what);
}

void MonitorSockets::parse() {
    listening_.clear();
    io::for_each_line(text_, [this](std::string_view line) {
        if (!line.ends_with(command_suffix))
            return;
        if (const std::uint64_t inode = take_listener(line); inode != 0)
            listening_.push_back({line, inode});
    });
    std::ranges::sort(listening_, {}, &Listener::name);
}

std::uint64_t MonitorSockets::inode_of(std::string_view socket_name) const noexcept {
    const auto at = std::ranges::lower_bound(listening_, socket_name, {}, &Listener::name);
    return at != listening_.end() && at->name == socket_name ? at->inode : 0;
}

std::size_t MonitorSockets::first_behind(std::string_view after) const {
    const std::string name = std::string(after) + std::string(command_suffix);
    const auto at = std::ranges::upper_bound(listening_, std::string_view(name), {}, &Listener::name);
    return after.empty() ? 0 : static_cast<std::size_t>(at - listening_.begin());
}

std::string_view MonitorSockets::without_suffix(std::string_view socket_name) noexcept {
    return socket_name.substr(0, socket_name.size() - command_suffix.size());
}

/// The container's name; empty if the socket is not of a container directly in `lxcpath`.
std::string_view MonitorSockets::name_within(std::string_view socket_name,
                                             std::string_view lxcpath) noexcept {
    std::string_view name = socket_name.substr(lxcpath.size());
    if (!name.starts_with('/') || name.size() <= command_suffix.size())
        return {};
    name.remove_prefix(1);
    name.remove_suffix(command_suffix.size());
    return name.find('/') == std::string_view::npos ? name : std::string_view{};
}

} // namespace lxcmon::discover
