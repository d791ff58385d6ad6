// SPDX-License-Identifier: GPL-2.0-or-later
#include "expose/address.hpp"

#include "text/foreign_rights.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace lxcmon::expose {
namespace {

constexpr std::string_view unix_scheme = "unix://";
constexpr mode_t writable_by_all = 0666; // as connecting to a socket needs
constexpr int waiting_connections = 32;

/// False: `host` is no loopback address.
bool set_address(sockaddr_storage& storage, const LocalAddress& address) {
    storage = {};
    auto* const v4 = reinterpret_cast<sockaddr_in*>(&storage);
    v4->sin_port = htons(address.port);
    v4->sin_family = AF_INET;
    if (::inet_pton(AF_INET, address.host.c_str(), &v4->sin_addr) == 1)
        return ntohl(v4->sin_addr.s_addr) >> 24U == 127;
    storage = {};
    auto* const v6 = reinterpret_cast<sockaddr_in6*>(&storage);
    v6->sin6_port = htons(address.port);
    v6->sin6_family = AF_INET6;
    return ::inet_pton(AF_INET6, address.host.c_str(), &v6->sin6_addr) == 1 &&
           IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

std::optional<LocalAddress> parse_socket_path(std::string_view path) {
    // The rest of the name of a socket is the kernel's limit, less the NUL.
    if (!path.starts_with('/') || path.ends_with('/') || path.size() >= sizeof sockaddr_un{}.sun_path)
        return std::nullopt;
    return LocalAddress{{}, 0, std::string(path)};
}

[[noreturn]] void fail(const std::string& doing) {
    throw std::system_error(errno, std::generic_category(), doing);
}

/// No other user may put a link or a socket there, before or after.
void check_folder(const std::string& path) {
    const std::string folder = path.substr(0, path.rfind('/') + 1);
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0)
        fail(folder);
    std::string wrong = text::foreign_link_before(path);
    if (const std::string rights = text::foreign_rights(status); wrong.empty() && !rights.empty())
        wrong = folder + " " + rights + "; expected a folder of root's, for example below /run";
    if (!wrong.empty())
        throw std::runtime_error(wrong);
}

/// Whether a process accepts connections there.
bool is_in_use(const sockaddr_un& address) {
    const io::UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    return probe &&
           (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
            errno != ECONNREFUSED);
}

void remove_left_over(const std::string& path, const sockaddr_un& address) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0)
        return;
    if (!S_ISSOCK(status.st_mode) || is_in_use(address)) {
        errno = S_ISSOCK(status.st_mode) ? EADDRINUSE : EEXIST;
        fail(path);
    }
    ::unlink(path.c_str());
}

} // namespace

std::optional<LocalAddress> parse_local(const std::string& text) {
    if (text.starts_with(unix_scheme))
        return parse_socket_path(std::string_view(text).substr(unix_scheme.size()));
    const auto colon = text.rfind(':');
    if (colon == std::string::npos)
        return std::nullopt;
    LocalAddress address{text.substr(0, colon), 0, {}};
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, address.port);
    if (error != std::errc{} || stop != end || address.port == 0)
        return std::nullopt;
    const bool has_brackets = address.host.starts_with('[') && address.host.ends_with(']');
    if (has_brackets != (address.host.find(':') != std::string::npos))
        return std::nullopt;
    if (has_brackets)
        address.host = address.host.substr(1, address.host.size() - 2);
    sockaddr_storage storage{};
    return set_address(storage, address) ? std::optional(address) : std::nullopt;
}

sockaddr_storage socket_address(const LocalAddress& address) {
    sockaddr_storage storage{};
    set_address(storage, address);
    return storage;
}

io::UniqueFd listen_at(const std::string& path) {
    check_folder(path);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    remove_left_over(path, address);
    io::UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket || ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::chmod(path.c_str(), writable_by_all) != 0 || ::listen(socket.get(), waiting_connections) != 0)
        fail(path);
    return socket;
}

} // namespace lxcmon::expose
