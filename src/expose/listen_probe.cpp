// SPDX-License-Identifier: GPL-2.0-or-later
#include "expose/address.hpp"
#include "expose/listener.hpp"
#include "text/contains.hpp"

#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <string_view>
#include <system_error>

namespace lxcmon::expose {
namespace {

/// For a path that has no metrics: the agent answers with a few words.
constexpr std::string_view probe_request = "GET / HTTP/1.0\r\n\r\n";
constexpr std::string_view agents_answer = "the metrics are at /metrics";
constexpr timeval longest_wait{2, 0};
constexpr unsigned most_reads = 4;

sockaddr_storage any_address(const LocalAddress& address) {
    if (!address.host.empty())
        return socket_address(address);
    sockaddr_storage storage{};
    const sockaddr_un path = socket_address(address.socket_path);
    std::memcpy(&storage, &path, sizeof path);
    return storage;
}

socklen_t bytes_of(const sockaddr_storage& address) noexcept {
    return address.ss_family == AF_UNIX    ? sizeof(sockaddr_un)
           : address.ss_family == AF_INET6 ? sizeof(sockaddr_in6)
                                           : sizeof(sockaddr_in);
}

/// 0, or an errno: can a process listen there? Makes no socket on the disk.
int try_to_listen(const sockaddr_storage& at, const LocalAddress& address) {
    if (at.ss_family == AF_UNIX) {
        check_socket_folder(address.socket_path);
        struct stat status {};
        if (::lstat(address.socket_path.c_str(), &status) != 0)
            return errno == ENOENT ? 0 : errno;
        return S_ISSOCK(status.st_mode) ? EADDRINUSE : EEXIST;
    }
    const io::UniqueFd socket(::socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int reuse = 1; // as the listener: connections that have ended do not matter
    const bool is_free = socket &&
                         ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse) == 0 &&
                         ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&at), bytes_of(at)) == 0 &&
                         ::listen(socket.get(), 1) == 0;
    return is_free ? 0 : errno;
}

enum class User { none, agent, other };

User user_of(const sockaddr_storage& at) {
    const io::UniqueFd socket(::socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket)
        return User::other;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &longest_wait, sizeof longest_wait);
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &longest_wait, sizeof longest_wait);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&at), bytes_of(at)) != 0)
        return errno == ECONNREFUSED ? User::none : User::other;
    if (::send(socket.get(), probe_request.data(), probe_request.size(), MSG_NOSIGNAL) < 0)
        return User::other;
    std::array<char, 4096> answer{};
    std::size_t size = 0;
    for (unsigned reads = 0; reads < most_reads && size < answer.size(); ++reads) {
        const ssize_t more = ::recv(socket.get(), answer.data() + size, answer.size() - size, 0);
        if (more <= 0)
            break;
        size += static_cast<std::size_t>(more);
    }
    return text::contains({answer.data(), size}, agents_answer) ? User::agent : User::other;
}

std::string in_use_by_agent(const LocalAddress& address) {
    std::string text = "an agent listens there already, as the service does while it runs";
    if (!address.host.empty()) // any user may take a port
        text += "; ss -tlnp sport = :" + std::to_string(address.port) + " shows which process it is";
    return text;
}

} // namespace

Finding Listener::probe(const std::string& address_text) {
    Finding finding{"prometheus", false, address_text + ": "};
    try {
        const auto address = parse_local(address_text);
        if (!address) {
            finding.message += why_not_local(address_text);
            return finding;
        }
        const sockaddr_storage at = any_address(*address);
        const int error = try_to_listen(at, *address);
        const User user = error == EADDRINUSE ? user_of(at) : User::none;
        // The agent replaces a unix socket that nobody listens on.
        const bool is_left_over = error == EADDRINUSE && at.ss_family == AF_UNIX && user == User::none;
        finding.ok = error == 0 || user == User::agent || is_left_over;
        finding.message += user == User::agent ? in_use_by_agent(*address)
                           : finding.ok        ? "the agent can listen there"
                                               : "can't listen: " + std::generic_category().message(error);
        if (error == EADDRINUSE && !finding.ok)
            finding.message += ", by another program; choose another address";
    } catch (const std::exception& error) {
        finding.message += error.what();
    }
    return finding;
}

} // namespace lxcmon::expose
