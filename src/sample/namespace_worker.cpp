#include "sample/namespace_worker.hpp"

#include "io/clock.hpp"
#include "io/kernel_file.hpp"
#include "io/pidfd.hpp"
#include "sample/filesystem_look.hpp"
#include "sample/process_figures.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
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
    io::UniqueFd proc, network;
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
    if (!host.network || !read_namespace(host.proc.get(), "self", "net", host.network_name) ||
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
    const auto take = [&reply, host_id](const Link& link) {
        reply.has_more_links = reply.link_count == max_links;
        if (reply.has_more_links)
            return;
        const bool peer_on_host = link.peer_namespace >= 0 && link.peer_namespace == host_id;
        reply.links[reply.link_count++] = {link, peer_on_host ? link.peer_index : 0};
    };
    reply.network_error = dump_links(rtnetlink.get(), take, max_links + 1);
}

/// The top of the container's own /proc; none where that is not the top of a procfs, or that of another pid
/// namespace than init's.
io::UniqueFd open_own_proc(const Host& host, const char* process,
                           const NamespaceName& init_namespace) noexcept {
    std::array<char, 64> path{};
    std::snprintf(path.data(), path.size(), "%s/root", process);
    const io::UniqueFd root = io::open_below(host.proc.get(), path.data(), O_PATH | O_DIRECTORY);
    io::UniqueFd proc = io::open_below(root.get(), "proc", O_DIRECTORY | O_NOFOLLOW);
    struct statfs filesystem {};
    struct stat place {};
    NamespaceName shown{};
    const bool is_own = root && proc && ::fstatfs(proc.get(), &filesystem) == 0 &&
                        filesystem.f_type == PROC_SUPER_MAGIC && ::fstat(proc.get(), &place) == 0 &&
                        place.st_ino == proc_root_inode && read_namespace(proc.get(), "1", "pid", shown) &&
                        shown == init_namespace;
    return is_own ? std::move(proc) : io::UniqueFd();
}

/// Entries of a procfs that are numbers; -1 where it can't be listed.
std::int64_t count_processes(int proc) noexcept {
    alignas(dirent64) static std::array<char, 32768> buffer;
    std::int64_t count = 0;
    for (;;) {
        const long length = ::syscall(SYS_getdents64, proc, buffer.data(), buffer.size());
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

/// Joins init's network namespace; returns 0 or an errno. Kernels before 5.8 can't by a pidfd (EINVAL): there
/// by the file in /proc, which liblxc's attach() would use, too, after a question to the container's monitor
/// and two forks.
int join_network(const Host& host, pid_t init_pid, int init_pidfd, bool& by_file) noexcept {
    static bool pidfd_is_enough = true;
    if (pidfd_is_enough) {
        if (::setns(init_pidfd, CLONE_NEWNET) == 0)
            return 0;
        if (errno != EINVAL)
            return errno;
        pidfd_is_enough = false;
    }
    by_file = true;
    std::array<char, 64> path{};
    std::snprintf(path.data(), path.size(), "%d/ns/net", init_pid);
    const io::UniqueFd network = io::open_below(host.proc.get(), path.data());
    const int error = errno;
    // A pid that is alive now was init's when the file was opened.
    if (!io::is_alive(init_pidfd))
        return ESRCH;
    if (!network)
        return error;
    return ::setns(network.get(), 0) == 0 ? 0 : errno;
}

/// The container's network namespace is joined, its interfaces are listed, and home it goes: none is kept
/// beyond its sample, as a kept one would keep its veth alive.
void look_at_links(const Host& host, pid_t init_pid, int init_pidfd, NamespaceReply& reply) noexcept {
    reply.error = join_network(host, init_pid, init_pidfd, reply.joined_by_file);
    if (reply.error != 0)
        return;
    // What was joined, and not what init had a moment ago.
    NamespaceName network{};
    if (!read_namespace(host.proc.get(), "self", "net", network))
        reply.network_error = errno;
    else if (network == host.network_name)
        reply.shares_host_network = true;
    else
        list_links(host, reply);
    // systemd's RestrictNamespaces= refuses a call that does not say which namespace it is about.
    if (::setns(host.network.get(), reply.joined_by_file ? 0 : CLONE_NEWNET) != 0)
        ::_exit(1);
}

/// Not the agent's to read: it waits while init hangs in execve(2), which a mount of the container can bring
/// about (a file that exec closes is flushed).
std::int64_t read_start(const Host& host, const char* process) noexcept {
    std::array<char, 64> path{};
    std::array<char, 4096> buffer{};
    std::snprintf(path.data(), path.size(), "%s/stat", process);
    return parse_start_ticks(io::read_once(host.proc.get(), path.data(), buffer).text).value_or(-1);
}

void look_at_processes(const Host& host, const char* process, NamespaceReply& reply) noexcept {
    const std::int64_t begin_ns = io::now_ns(CLOCK_MONOTONIC);
    NamespaceName pid_namespace{};
    // One that shares the host's processes (lxc.namespace.keep) has no number of its own.
    if (!read_namespace(host.proc.get(), process, "pid", pid_namespace) || pid_namespace == host.pid_name)
        return;
    if (const io::UniqueFd proc = open_own_proc(host, process, pid_namespace))
        reply.processes = count_processes(proc.get());
    reply.processes_nsec = io::now_ns(CLOCK_MONOTONIC) - begin_ns;
}

void look_at_network(const Host& host, const NamespaceRequest& request, int init_pidfd,
                     HelperProgress& progress, NamespaceReply& reply) noexcept {
    if (request.want_links) {
        progress.enter(Stage::network);
        look_at_links(host, request.init_pid, init_pidfd, reply);
    }
    if (!(request.want_processes || request.want_start) || reply.error != 0)
        return;
    std::array<char, 16> process{};
    std::snprintf(process.data(), process.size(), "%d", request.init_pid);
    progress.enter(Stage::processes);
    if (request.want_start)
        reply.start_ticks = read_start(host, process.data());
    if (request.want_processes)
        look_at_processes(host, process.data(), reply);
    // A pid that is alive now was init's all the time.
    if (!io::is_alive(init_pidfd)) {
        reply.error = ESRCH;
        reply.processes = reply.start_ticks = -1;
    }
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
    const bool has_fd = header != nullptr && header->cmsg_type == SCM_RIGHTS;
    if (length != sizeof request || has_fd == request.is_of_host())
        ::_exit(length == 0 ? 0 : 1);
    int fd = -1;
    if (has_fd)
        std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return io::UniqueFd(fd);
}

void answer(int socket, const void* reply, std::size_t bytes) noexcept {
    if (::send(socket, reply, bytes, MSG_NOSIGNAL) < 0)
        ::_exit(1);
}

} // namespace

void run_namespace_worker(int socket, HelperProgress& progress, const WorkerSettings& settings) noexcept {
    ::prctl(PR_SET_NAME, "lxcmon-ns");
    ::prctl(PR_SET_DUMPABLE, 0);
    const Host host = open_host();
    static FilesystemReply filesystems;
    for (;;) {
        NamespaceRequest request;
        const io::UniqueFd init_pidfd = receive_request(socket, request);
        progress.begin(request.sequence);
        if (request.look == Look::network) {
            NamespaceReply& reply = progress.network;
            reply.clear();
            reply.sequence = request.sequence;
            look_at_network(host, request, init_pidfd.get(), progress, reply);
            answer(socket, &reply, reply.sent_bytes());
        } else {
            filesystems.clear();
            filesystems.sequence = request.sequence;
            look_at_filesystems(host.proc.get(), request, init_pidfd.get(), settings.mounts, progress,
                                filesystems);
            answer(socket, &filesystems, filesystems.sent_bytes());
        }
    }
}

} // namespace lxcmon::sample
