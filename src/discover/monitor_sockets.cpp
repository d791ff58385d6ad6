#include "discover/monitor_sockets.hpp"

#include "io/parse.hpp"

#include <sys/un.h>

#include <array>
#include <cstdint>
#include <cstdio>

namespace lxcmon::discover {
namespace {

constexpr std::string_view suffix = "/command";

/// FNV-1a of 64 bits, as liblxc takes it.
std::uint64_t hash_of(std::string_view text) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (const char c : text) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 0x100000001b3ULL;
    }
    return hash;
}

/// The name after `@` of a listening stream socket; empty for any other line.
std::string_view listening_name(std::string_view line) noexcept {
    // num: refcount protocol flags type state inode path; flags 00010000 is __SO_ACCEPTCON, type 0001
    // SOCK_STREAM
    std::array<std::string_view, 7> front;
    for (std::string_view& word : front) {
        while (line.starts_with(' '))
            line.remove_prefix(1);
        word = io::take_until(line, ' ');
    }
    if (front[3] != "00010000" || front[4] != "0001" || !line.starts_with('@'))
        return {};
    return line.substr(1);
}

} // namespace

std::string monitor_socket_name(const std::string& lxcpath, const std::string& name) {
    std::string socket = lxcpath + "/" + name + std::string(suffix);
    if (socket.size() < sizeof(sockaddr_un::sun_path) - 1)
        return socket;
    std::array<char, 32> hashed{};
    std::snprintf(hashed.data(), hashed.size(), "lxc/%016llx",
                  static_cast<unsigned long long>(hash_of(lxcpath + "/" + name)));
    return hashed.data() + std::string(suffix);
}

MonitorSockets::MonitorSockets(std::string_view proc_net_unix) {
    io::for_each_line(proc_net_unix, [this](std::string_view line) {
        if (const std::string_view name = listening_name(line); name.ends_with(suffix))
            listening_.emplace(name);
    });
}

bool MonitorSockets::has(const std::string& lxcpath, const std::string& name) const {
    return listening_.contains(monitor_socket_name(lxcpath, name));
}

std::vector<std::string> MonitorSockets::names(const std::string& lxcpath) const {
    const std::string prefix = lxcpath + "/";
    std::vector<std::string> names;
    for (auto at = listening_.lower_bound(prefix); at != listening_.end() && at->starts_with(prefix); ++at) {
        const std::string name = at->substr(prefix.size(), at->size() - prefix.size() - suffix.size());
        if (!name.empty() && name.find('/') == std::string::npos)
            names.push_back(name);
    }
    return names;
}

} // namespace lxcmon::discover
