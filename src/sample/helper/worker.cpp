// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/helper/worker.hpp"

#include "io/clock.hpp"
#include "io/kernel_file.hpp"
#include "io/pidfd.hpp"
#include "io/proc_pid.hpp"
#include "sample/helper/statvfs_mounts.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <span>
#include <string_view>

namespace lxcmon::sample {
namespace {

/// Inode of the top of every procfs (PROC_ROOT_INO in fs/proc).
constexpr ino_t proc_root_inode = 1;

/// The unique name of a namespace, such as "pid:[4026531836]".
using NamespaceName = std::array<char, 64>;

/// The host's /proc and pid namespace.
struct Host {
    io::UniqueFd proc;
    NamespaceName pid_name{};
};

bool read_pid_namespace(int proc, const char* process, NamespaceName& name) noexcept {
    std::array<char, 64> path{};
    std::snprintf(path.data(), path.size(), "%s/ns/pid", process);
    name.fill('\0');
    return ::readlinkat(proc, path.data(), name.data(), name.size() - 1) > 0;
}

Host open_host() noexcept {
    Host host;
    host.proc = io::open_below(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY);
    if (!host.proc || !read_pid_namespace(host.proc.get(), "self", host.pid_name))
        ::_exit(1);
    return host;
}

/// Opens the container's own /proc. Empty if it is not the root of a procfs, or belongs to another pid
/// namespace than init's.
io::UniqueFd open_own_proc(const Host& host, const char* process,
                           const NamespaceName& init_namespace) noexcept {
    std::array<char, 64> path{};
    std::snprintf(path.data(), path.size(), "%s/root/proc", process);
    io::UniqueFd proc = io::open_below(host.proc.get(), path.data(), O_DIRECTORY | O_NOFOLLOW);
    struct statfs filesystem {};
    struct stat place {};
    NamespaceName shown{};
    const bool is_own = proc && ::fstatfs(proc.get(), &filesystem) == 0 &&
                        filesystem.f_type == PROC_SUPER_MAGIC && ::fstat(proc.get(), &place) == 0 &&
                        place.st_ino == proc_root_inode && read_pid_namespace(proc.get(), "1", shown) &&
                        shown == init_namespace;
    return is_own ? std::move(proc) : io::UniqueFd();
}

/// Number of processes in a procfs; -1 if it can't be listed.
std::int64_t count_processes(int proc) noexcept {
    alignas(dirent64) static std::array<char, 32768> buffer;
    std::int64_t count = 0;
    for (;;) {
        const long length = ::syscall(SYS_getdents64, proc, buffer.data(), buffer.size());
        if (length < 0)
            return -1;
        if (length == 0)
            return count;
        io::for_each_entry(std::span<const char>(buffer).first(static_cast<std::size_t>(length)),
                           [&](unsigned char /*type*/, const char* name) {
                               if (name[0] >= '1' && name[0] <= '9')
                                   ++count;
                           });
    }
}

/// Start time of init in clock ticks since boot, or -1. The agent must not read it itself: reading waits
/// while init hangs in execve(2), which a mount of the container can cause (exec flushes a file that it
/// closes).
std::int64_t read_start(const Host& host, const char* process) noexcept {
    std::array<char, 64> path{};
    std::array<char, 4096> buffer{};
    std::snprintf(path.data(), path.size(), "%s/stat", process);
    return io::parse_start_ticks(io::read_once(host.proc.get(), path.data(), buffer).text).value_or(-1);
}

void count_processes_of(const Host& host, const char* process, CountReply& reply) noexcept {
    const std::int64_t begin_ns = io::now_ns(CLOCK_MONOTONIC);
    NamespaceName pid_namespace{};
    // A container that shares the host's pid namespace (lxc.namespace.keep) has no own number.
    if (!read_pid_namespace(host.proc.get(), process, pid_namespace) || pid_namespace == host.pid_name)
        return;
    if (const io::UniqueFd proc = open_own_proc(host, process, pid_namespace))
        reply.processes = count_processes(proc.get());
    reply.processes_nsec = io::now_ns(CLOCK_MONOTONIC) - begin_ns;
}

void scan_processes(const Host& host, const NamespaceRequest& request, int init_pidfd,
                    CountReply& reply) noexcept {
    std::array<char, 16> process{};
    std::snprintf(process.data(), process.size(), "%d", request.init_pid);
    if (request.want_start)
        reply.start_ticks = read_start(host, process.data());
    if (request.want_processes)
        count_processes_of(host, process.data(), reply);
    // If init is alive now, its pid was not reused meanwhile.
    if (!io::is_alive(init_pidfd)) {
        reply.error = ESRCH;
        reply.processes = reply.start_ticks = -1;
    }
}

/// Receives the next request and returns the pidfd sent with it. Exits when the agent has closed the socket.
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
    ::prctl(PR_SET_DUMPABLE, 0);
    const Host host = open_host();
    static FilesystemReply filesystems;
    for (;;) {
        NamespaceRequest request;
        const io::UniqueFd init_pidfd = receive_request(socket, request);
        progress.begin(request.sequence);
        if (request.scan == Scan::processes) {
            progress.enter(Stage::processes);
            CountReply reply;
            reply.sequence = request.sequence;
            scan_processes(host, request, init_pidfd.get(), reply);
            answer(socket, &reply, sizeof reply);
        } else {
            filesystems.clear();
            filesystems.sequence = request.sequence;
            scan_filesystems(host.proc.get(), request, init_pidfd.get(), settings.mounts, progress,
                             filesystems);
            answer(socket, &filesystems, filesystems.sent_bytes());
        }
    }
}

} // namespace lxcmon::sample
