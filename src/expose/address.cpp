// SPDX-License-Identifier: GPL-2.0-or-later
#include "expose/address.hpp"

#include "expose/place.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
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
/// The kernel's limit, less the NUL.
constexpr std::size_t longest_socket_path = sizeof sockaddr_un{}.sun_path - 1;

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

/// The one before the port; npos: there is no port.
std::size_t port_colon(const std::string& text) {
    const auto colon = text.rfind(':');
    return text.ends_with(']') ? std::string::npos : colon;
}

std::optional<LocalAddress> parse_socket_path(std::string_view path) {
    if (!path.starts_with('/') || path.ends_with('/') || path.size() > longest_socket_path)
        return std::nullopt;
    return LocalAddress{{}, 0, std::string(path)};
}

[[noreturn]] void fail(const std::string& doing) {
    throw std::system_error(errno, std::generic_category(), doing);
}

/// Nobody else can put a link or a socket there, before or after: the path may be used as a text then.
Place own_place(const std::string& path) {
    Place place(path, Strangers::refused);
    if (!place.wrong.empty())
        throw std::runtime_error(place.wrong);
    errno = place.error;
    if (!place.folder)
        fail(path.substr(0, path.rfind('/') + 1));
    return place;
}

/// Whether a process accepts connections there.
bool is_in_use(const sockaddr_un& address) {
    const io::UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    return probe &&
           (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
            errno != ECONNREFUSED);
}

void remove_left_over(const Place& place, const std::string& path, const sockaddr_un& address) {
    struct stat status {};
    if (::fstatat(place.folder.get(), place.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
        return;
    if (!S_ISSOCK(status.st_mode) || is_in_use(address)) {
        errno = S_ISSOCK(status.st_mode) ? EADDRINUSE : EEXIST;
        fail(path);
    }
    ::unlinkat(place.folder.get(), place.name.c_str(), 0);
}

/// chmod(2) of a socket, and of nothing else: it follows no link.
bool open_to_all(const Place& place) {
    const io::UniqueFd made(
        ::openat(place.folder.get(), place.name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat status {};
    if (!made || ::fstat(made.get(), &status) != 0)
        return false;
    errno = EEXIST;
    return S_ISSOCK(status.st_mode) &&
           ::chmod(("/proc/self/fd/" + std::to_string(made.get())).c_str(), writable_by_all) == 0;
}

} // namespace

std::optional<LocalAddress> parse_local(const std::string& text) {
    if (text.starts_with(unix_scheme))
        return parse_socket_path(std::string_view(text).substr(unix_scheme.size()));
    const auto colon = port_colon(text);
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

std::string why_not_local(const std::string& text) {
    if (text.starts_with(unix_scheme))
        return std::string("is no path of a unix socket; expected an absolute path of at most ") +
               std::to_string(longest_socket_path) +
               " bytes, for example unix:///run/lxcmon-push/metrics.sock";
    const auto colon = port_colon(text);
    const std::string host = text.substr(0, colon);
    if (host == "localhost")
        return "is a name, which can lead to any address; give the number: 127.0.0.1:" +
               (colon == std::string::npos ? "9105" : text.substr(colon + 1));
    const bool has_port = colon != std::string::npos && colon + 1 != text.size();
    if (!has_port && parse_local(host + ":1"))
        return "has no port; expected for example " + host + ":9105";
    if (has_port && parse_local(host + ":1"))
        return "has no valid port; expected a number from 1 to 65535, which Prometheus is told, too";
    return "is no loopback address with a port and no unix socket, and the agent listens on nothing else; "
           "expected for example 127.0.0.1:9105, [::1]:9105 or unix:///run/lxcmon-push/metrics.sock. For a "
           "Prometheus on another host use --openmetrics-file with node_exporter, or a proxy in front of it";
}

sockaddr_storage socket_address(const LocalAddress& address) {
    sockaddr_storage storage{};
    set_address(storage, address);
    return storage;
}

sockaddr_un socket_address(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof address.sun_path - 1));
    return address;
}

void check_socket_folder(const std::string& path) {
    static_cast<void>(own_place(path));
}

io::UniqueFd listen_at(const std::string& path) {
    const Place place = own_place(path);
    const sockaddr_un address = socket_address(path);
    remove_left_over(place, path, address);
    io::UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket || ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        !open_to_all(place) || ::listen(socket.get(), waiting_connections) != 0)
        fail(path);
    return socket;
}

void remove_socket(const std::string& path, ino_t inode) {
    const Place place(path, Strangers::refused);
    struct stat status {};
    if (place.folder &&
        ::fstatat(place.folder.get(), place.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISSOCK(status.st_mode) && status.st_ino == inode)
        ::unlinkat(place.folder.get(), place.name.c_str(), 0);
}

} // namespace lxcmon::expose
