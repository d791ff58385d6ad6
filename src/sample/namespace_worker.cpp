#include "sample/namespace_worker.hpp"

#include "io/clock.hpp"
#include "io/kernel_file.hpp"
#include "sample/namespace_figures.hpp"

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

/// Names a namespace: "net:[4026531840]". Two of one name are one.
using NamespaceName = std::array<char, 64>;

/// The host's side of things, opened before any namespace is joined.
struct Host {
    io::UniqueFd proc, network, mounts;
    NamespaceName network_name{}, pid_name{};
};

bool read_namespace(int proc, const char* process, const char* kind, NamespaceName& name) noexcept {
    std::array<char, 64> path{};
    std::snprintf(path.data(), path.size(), "%s/ns/%s", process, kind);
    name.fill('\0');
    return ::readlinkat(proc, path.data(), name.data(), name.size() - 1) > 0;
}

Host open_host() noexcept {
    Host host;
    host.proc = io::open_below(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY);
    host.network = io::open_below(host.proc.get(), "self/ns/net");
    host.mounts = io::open_below(host.proc.get(), "self/ns/mnt");
    if (!host.network || !host.mounts || !read_namespace(host.proc.get(), "self", "net", host.network_name) ||
        !read_namespace(host.proc.get(), "self", "pid", host.pid_name))
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
    reply.network_error = dump_links(rtnetlink.get(), [&reply, host_id](const Link& link) {
        reply.has_more_links = reply.link_count == max_links;
        if (reply.has_more_links)
            return;
        const bool peer_on_host = link.peer_namespace >= 0 && link.peer_namespace == host_id;
        reply.links[reply.link_count++] = {link, peer_on_host ? link.peer_index : 0};
    });
}

/// Where the container's "/" comes from, in the host's view of init's mounts.
void read_source(const Host& host, const char* process, RootFilesystem& root) {
    constexpr std::size_t most_bytes = 16U << 20U;
    struct statx place {};
    std::string mountinfo;
    const std::string path = std::string(process) + "/mountinfo";
    if (::statx(AT_FDCWD, "/", AT_STATX_DONT_SYNC, STATX_MNT_ID, &place) != 0 ||
        (place.stx_mask & STATX_MNT_ID) == 0 ||
        io::try_read_whole(host.proc.get(), path.c_str(), mountinfo, most_bytes) != 0)
        return;
    const MountSource found = find_mount(mountinfo, place.stx_mnt_id);
    root.has_source = !found.filesystem_type.empty() && found.device.size() < root.source.size() &&
                      found.filesystem_type.size() < root.filesystem_type.size();
    if (!root.has_source)
        return;
    found.device.copy(root.source.data(), found.device.size());
    found.filesystem_type.copy(root.filesystem_type.data(), found.filesystem_type.size());
}

void read_root_filesystem(const Host& host, const char* process, std::uint64_t known_device,
                          RootFilesystem& root) {
    struct statvfs figures {};
    struct stat place {};
    if (::statvfs("/", &figures) != 0 || ::stat("/", &place) != 0)
        return;
    root.present = true;
    root.readonly = (figures.f_flag & ST_RDONLY) != 0;
    root.device = place.st_dev;
    root.block_bytes = figures.f_frsize;
    root.blocks = figures.f_blocks;
    root.blocks_free = figures.f_bfree;
    root.blocks_available = figures.f_bavail;
    root.inodes = figures.f_files;
    root.inodes_free = figures.f_ffree;
    if (root.device != known_device)
        read_source(host, process, root);
}

/// Entries of the container's own /proc that are numbers. -1 where /proc is not the top of a procfs, or that
/// of another pid namespace than init's.
std::int64_t count_processes(const NamespaceName& init_namespace) noexcept {
    const io::UniqueFd proc = io::open_below(AT_FDCWD, "/proc", O_DIRECTORY | O_NOFOLLOW);
    struct statfs filesystem {};
    struct stat place {};
    NamespaceName shown{};
    if (!proc || ::fstatfs(proc.get(), &filesystem) != 0 || filesystem.f_type != PROC_SUPER_MAGIC ||
        ::fstat(proc.get(), &place) != 0 || place.st_ino != proc_root_inode ||
        !read_namespace(proc.get(), "1", "pid", shown) || shown != init_namespace)
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

void handle(const Host& host, const NamespaceRequest& request, int init_pidfd, NamespaceReply& reply) {
    std::array<char, 16> process{};
    std::snprintf(process.data(), process.size(), "%d", request.init_pid);
    NamespaceName pid_namespace{};
    // Asked before joining: a join that succeeds proves that the pid was still this init's.
    const bool has_pid_namespace = read_namespace(host.proc.get(), process.data(), "pid", pid_namespace);
    if (::setns(init_pidfd, CLONE_NEWNET | CLONE_NEWNS) != 0) {
        reply.error = errno;
        return;
    }
    // What was joined, and not what init had a moment ago.
    NamespaceName network{};
    if (!read_namespace(host.proc.get(), "self", "net", network))
        reply.network_error = errno;
    else if (network == host.network_name)
        reply.shares_host_network = true;
    else
        list_links(host, reply);
    if (!request.want_filesystem)
        return;
    const std::int64_t begin_ns = io::now_ns(CLOCK_MONOTONIC);
    read_root_filesystem(host, process.data(), request.known_root_device, reply.root);
    // One that shares the host's processes (lxc.namespace.keep) has no number of its own.
    if (has_pid_namespace && pid_namespace != host.pid_name)
        reply.processes = count_processes(pid_namespace);
    reply.filesystem_nsec = io::now_ns(CLOCK_MONOTONIC) - begin_ns;
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
        reply.filesystem_nsec = 0;
        reply.processes = -1;
        reply.link_count = 0;
        handle(host, request, init_pidfd.get(), reply);
        go_home(host);
        if (::send(socket, &reply, reply.sent_bytes(), MSG_NOSIGNAL) < 0)
            ::_exit(1);
    }
}

} // namespace lxcmon::sample
