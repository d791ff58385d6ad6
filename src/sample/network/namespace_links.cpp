// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/network/namespace_links.hpp"

#include "io/kernel_file.hpp"
#include "io/pidfd.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <span>
#include <system_error>

namespace lxcmon::sample {
namespace {

io::UniqueFd open_or_throw(int directory, const char* path, int flags, const char* what) {
    io::UniqueFd fd = io::open_below(directory, path, flags);
    if (!fd)
        throw std::system_error(errno, std::generic_category(), what);
    return fd;
}

/// Cookie of the socket's network namespace. It is unique and never reused; 0 and errno on failure, and on
/// Linux before 5.14.
std::uint64_t cookie_of(int socket) noexcept {
    std::uint64_t cookie = 0;
    socklen_t size = sizeof cookie;
    return ::getsockopt(socket, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) == 0 ? cookie : 0;
}

} // namespace

NamespaceLinks::NamespaceLinks()
    : proc_(open_or_throw(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY, "opening /proc"))
    , home_(open_or_throw(proc_.get(), "thread-self/ns/net", O_RDONLY,
                          "opening the agent's network namespace, /proc/thread-self/ns/net"))
    , home_inode_(network_inode()) {
    if (home_inode_ == 0)
        throw std::system_error(errno, std::generic_category(), "reading /proc/thread-self/ns/net");
    if (const io::UniqueFd rtnetlink = open_rtnetlink())
        home_cookie_ = cookie_of(rtnetlink.get());
}

const ContainerLinks& NamespaceLinks::scan(pid_t init_pid, int init_pidfd, HostId& host_id) noexcept {
    links_.clear();
    links_.error = join(init_pid, init_pidfd);
    if (links_.error != 0)
        return links_;
    // Until the thread is back, nothing may be logged, thrown, forked or opened below /proc/self/net.
    scan_namespace(host_id);
    lost_error_ = ::setns(home_.get(), CLONE_NEWNET) == 0 ? 0 : errno;
    return links_;
}

/// Returns 0 or an errno. Kernels before 5.8 can't join by a pidfd (EINVAL), so there the file in /proc is
/// used. liblxc's attach() uses that file, too, but first asks the container's monitor and forks twice.
/// systemd's RestrictNamespaces= refuses a setns() without a namespace type.
int NamespaceLinks::join(pid_t init_pid, int init_pidfd) noexcept {
    if (::setns(init_pidfd, CLONE_NEWNET) == 0)
        return 0;
    if (errno != EINVAL)
        return errno;
    std::array<char, 64> path{};
    std::snprintf(path.data(), path.size(), "%d/ns/net", init_pid);
    const io::UniqueFd network = io::open_below(proc_.get(), path.data());
    const int error = errno;
    // If init is alive now, its pid was not reused before the file was opened.
    if (!io::is_alive(init_pidfd))
        return ESRCH;
    if (!network)
        return error;
    links_.joined_by_path = ::setns(network.get(), CLONE_NEWNET) == 0;
    return links_.joined_by_path ? 0 : errno;
}

void NamespaceLinks::scan_namespace(HostId& host_id) noexcept {
    const io::UniqueFd rtnetlink = open_rtnetlink();
    // The namespace that was joined; init may have moved to another one meanwhile.
    const std::uint64_t cookie = rtnetlink ? cookie_of(rtnetlink.get()) : 0;
    const std::uint64_t inode = rtnetlink && home_cookie_ == 0 ? network_inode() : 0;
    if (home_cookie_ != 0 ? cookie == 0 : inode == 0) { // it may be the host's
        links_.list_error = errno;
        return;
    }
    links_.shares_host_network = home_cookie_ != 0 ? cookie == home_cookie_ : inode == home_inode_;
    if (links_.shares_host_network)
        return;
    if (cookie == 0 || cookie != host_id.cookie)
        host_id = {cookie, -1};
    list(rtnetlink.get(), host_id);
}

void NamespaceLinks::list(int rtnetlink, HostId& host_id) noexcept {
    bool has_peers = false;
    // The capture is small enough for std::function not to allocate.
    const auto take = [this, &has_peers](const Link& link) {
        links_.has_more = links_.count == max_links;
        if (links_.has_more)
            return;
        has_peers = has_peers || link.peer_namespace >= 0;
        links_.links[links_.count++] = {link, 0};
    };
    links_.list_error = dump_links(rtnetlink, take, max_links + 1);
    // A new socket, as the rest of a longer list would arrive on the old one before the answer.
    if (has_peers && host_id.id < 0) {
        const io::UniqueFd other = open_rtnetlink();
        const auto id = other ? namespace_id(other.get(), home_.get()) : std::nullopt;
        links_.lacks_host_id = !id;
        host_id.id = id.value_or(-1);
    }
    for (auto& [link, host_index] : std::span(links_.links).first(links_.count))
        if (link.peer_namespace >= 0 && link.peer_namespace == host_id.id)
            host_index = link.peer_index;
}

/// Inode of the thread's current network namespace; 0 and errno on failure.
std::uint64_t NamespaceLinks::network_inode() const noexcept {
    struct stat found {};
    return ::fstatat(proc_.get(), "thread-self/ns/net", &found, 0) == 0 ? found.st_ino : 0;
}

} // namespace lxcmon::sample
