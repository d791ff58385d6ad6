#include "sample/namespace_worker.hpp"

#include "io/kernel_file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string_view>

namespace lxcmon::sample {
namespace {

/// Inode of the top of every procfs (PROC_ROOT_INO in fs/proc).
constexpr ino_t proc_root_inode = 1;

/// The host's side of things, opened before any namespace is joined.
struct Host {
    io::UniqueFd proc, network, mounts;
    std::array<char, 64> network_name{};
};

bool read_network_name(const Host& host, const char* process, std::array<char, 64>& name) noexcept {
    std::array<char, 64> path{};
    std::snprintf(path.data(), path.size(), "%s/ns/net", process);
    name.fill('\0');
    return ::readlinkat(host.proc.get(), path.data(), name.data(), name.size() - 1) > 0;
}

Host open_host() noexcept {
    Host host;
    host.proc = io::open_below(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY);
    host.network = io::open_below(host.proc.get(), "self/ns/net");
    host.mounts = io::open_below(host.proc.get(), "self/ns/mnt");
    if (!host.network || !host.mounts || !read_network_name(host, "self", host.network_name))
        ::_exit(1);
    return host;
}

void list_links(const Host& host, NamespaceReply& reply) noexcept {
    const io::UniqueFd rtnetlink = open_rtnetlink();
    if (!rtnetlink) {
        reply.network_error = errno;
        return;
    }
    const std::int32_t host_id = namespace_id(rtnetlink.get(), host.network.get());
    // Small enough a capture for std::function to allocate nothing.
    reply.network_error = dump_links(rtnetlink.get(), true, [&reply, host_id](const Link& link) {
        reply.has_more_links = reply.link_count == max_links;
        if (reply.has_more_links)
            return;
        const bool peer_on_host = link.peer_namespace >= 0 && link.peer_namespace == host_id;
        reply.links[reply.link_count++] = {link, peer_on_host ? link.peer_index : 0};
    });
}

RootFilesystem read_root_filesystem() noexcept {
    RootFilesystem root;
    struct statvfs figures {};
    struct stat place {};
    if (::statvfs("/", &figures) != 0 || ::stat("/", &place) != 0)
        return root;
    root.present = true;
    root.readonly = (figures.f_flag & ST_RDONLY) != 0;
    root.device = place.st_dev;
    root.block_bytes = figures.f_frsize;
    root.blocks = figures.f_blocks;
    root.blocks_free = figures.f_bfree;
    root.blocks_available = figures.f_bavail;
    root.inodes = figures.f_files;
    root.inodes_free = figures.f_ffree;
    return root;
}

/// Entries of the container's own /proc that are numbers. -1 where that is not the top of a procfs.
std::int64_t count_processes() noexcept {
    const io::UniqueFd proc = io::open_below(AT_FDCWD, "/proc", O_DIRECTORY | O_NOFOLLOW);
    struct statfs filesystem {};
    struct stat place {};
    if (!proc || ::fstatfs(proc.get(), &filesystem) != 0 || filesystem.f_type != PROC_SUPER_MAGIC ||
        ::fstat(proc.get(), &place) != 0 || place.st_ino != proc_root_inode)
        return -1;
    alignas(dirent64) static std::array<char, 32768> buffer;
    std::int64_t count = 0;
    for (;;) {
        const long length = ::syscall(SYS_getdents64, proc.get(), buffer.data(), buffer.size());
        if (length < 0)
            return -1;
        if (length == 0)
            return count;
        for (long at = 0; at < length;) {
            const void* const place_of_entry = buffer.data() + at;
            const auto* entry = static_cast<const dirent64*>(place_of_entry);
            if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
                ++count;
            at += entry->d_reclen;
        }
    }
}

void handle(const Host& host, const NamespaceRequest& request, int init_pidfd,
            NamespaceReply& reply) noexcept {
    std::array<char, 16> process{};
    std::snprintf(process.data(), process.size(), "%d", request.init_pid);
    std::array<char, 64> network_name{};
    // Asked before joining: a join that succeeds proves that the pid was still this init's.
    const bool named = read_network_name(host, process.data(), network_name);
    if (::setns(init_pidfd, CLONE_NEWNET | CLONE_NEWNS) != 0) {
        reply.error = errno;
        return;
    }
    reply.shares_host_network = named && network_name == host.network_name;
    if (!reply.shares_host_network)
        list_links(host, reply);
    if (request.want_filesystem) {
        reply.root = read_root_filesystem();
        reply.processes = count_processes();
    }
}

/// No namespace of a container is kept beyond its sample: a kept one would keep its veth alive.
void go_home(const Host& host) noexcept {
    if (::setns(host.network.get(), CLONE_NEWNET) != 0 || ::setns(host.mounts.get(), CLONE_NEWNS) != 0)
        ::_exit(1);
}

/// The next request and the descriptor that came with it; ends the process when the agent has gone.
io::UniqueFd receive_request(int socket, NamespaceRequest& request) noexcept {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    iovec room{&request, sizeof request};
    msghdr message{};
    message.msg_iov = &room;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    ssize_t length = 0;
    do {
        length = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    } while (length < 0 && errno == EINTR);
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    if (length != sizeof request || header == nullptr || header->cmsg_type != SCM_RIGHTS)
        ::_exit(length == 0 ? 0 : 1);
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return io::UniqueFd(fd);
}

} // namespace

void run_namespace_worker(int socket) noexcept {
    ::prctl(PR_SET_NAME, "lxcmon-ns");
    ::prctl(PR_SET_DUMPABLE, 0);
    const Host host = open_host();
    static NamespaceReply reply;
    for (;;) {
        NamespaceRequest request;
        const io::UniqueFd init_pidfd = receive_request(socket, request);
        reply.sequence = request.sequence;
        reply.error = reply.network_error = 0;
        reply.shares_host_network = reply.has_more_links = false;
        reply.root = {};
        reply.processes = -1;
        reply.link_count = 0;
        handle(host, request, init_pidfd.get(), reply);
        go_home(host);
        if (::send(socket, &reply, reply.sent_bytes(), MSG_NOSIGNAL) < 0)
            ::_exit(1);
    }
}

} // namespace lxcmon::sample
