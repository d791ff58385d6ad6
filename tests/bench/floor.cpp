// SPDX-License-Identifier: GPL-2.0-or-later
// The floor of a tick: the system calls that the agent's figures can't be had without, and nothing else.
// Nothing is parsed or sent. bench.py tells it on standard input what to do, as it has learned from the
// agent:
//   container PID           the lines below are about this one; 0: the host
//   read PERIOD PATH        a kept descriptor, read from its begin; whole PERIOD PATH: read to its end
//   links PERIOD            its network namespace is joined, a dump of its interfaces read, and home it goes
//   processes PERIOD        its /proc is listed
//   filesystems PERIOD [MOUNT-POINT...]  its list of mounts is read, then statfs of these
//   ready                   opens it all, prints how many files are kept, and how many opened at each read
//   round                   does it all once, prints CPU ns, wall ns, preads, failed calls
// PERIOD 6 means each 6th round, each container in another one than its neighbour.
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <iostream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace {

struct File {
    bool is_whole = false;
    unsigned period = 1;
    std::string path;
    int fd = -1; // -1: opened at each read, as there are too few descriptors
};

struct Container {
    pid_t pid = 0;
    int pidfd = -1;
    unsigned links = 0, processes = 0, filesystems = 0; // periods; 0: never
    std::vector<File> files;
    std::vector<std::string> mount_points;
};

std::vector<char> buffer(128U << 10U);
int home = -1;
long preads = 0, failed = 0;

long long now_ns(clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

void note(bool worked) {
    failed += worked ? 0 : 1;
}

void read_file(const File& file) {
    const int fd = file.fd >= 0 ? file.fd : ::open(file.path.c_str(), O_RDONLY | O_CLOEXEC);
    off_t at = 0;
    for (;;) {
        const ssize_t length = ::pread(fd, buffer.data(), buffer.size(), at);
        ++preads;
        note(length >= 0);
        if (!file.is_whole || length <= 0)
            break;
        at += length;
    }
    if (fd != file.fd)
        ::close(fd);
}

/// Whether another one of the dump is to come. The mark of its end comes alone, or, from newer kernels,
/// behind a link.
bool take_datagram(int rtnetlink) {
    const ssize_t length = ::recv(rtnetlink, buffer.data(), 32U << 10U, 0);
    note(length > 0);
    auto left = static_cast<unsigned>(length > 0 ? length : 0);
    const void* const start = buffer.data();
    const auto* each = static_cast<const nlmsghdr*>(start);
    bool is_more = left > 0;
    for (; NLMSG_OK(each, left); each = NLMSG_NEXT(each, left))
        is_more = each->nlmsg_type != NLMSG_DONE && each->nlmsg_type != NLMSG_ERROR;
    return is_more;
}

void dump_links() {
    struct {
        nlmsghdr header;
        ifinfomsg info;
        rtattr mask_header;
        unsigned mask;
    } request{};
    request.header.nlmsg_len = sizeof request;
    request.header.nlmsg_type = RTM_GETLINK;
    request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    request.mask_header = {RTA_LENGTH(sizeof request.mask), IFLA_EXT_MASK};
    request.mask = RTEXT_FILTER_SKIP_STATS;
    const int rtnetlink = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    note(::send(rtnetlink, &request, sizeof request, 0) > 0);
    while (take_datagram(rtnetlink)) {
    }
    ::close(rtnetlink);
}

void scan_at_links(const Container& container) {
    note(::setns(container.pidfd, CLONE_NEWNET) == 0);
    dump_links();
    if (::setns(home, CLONE_NEWNET) != 0)
        std::exit(1);
}

std::string in_proc(pid_t pid, const char* rest) {
    return "/proc/" + std::to_string(pid) + rest;
}

void list_processes(const Container& container) {
    const int proc = ::open(in_proc(container.pid, "/root/proc").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct statfs figures {};
    note(::fstatfs(proc, &figures) == 0);
    while (::syscall(SYS_getdents64, proc, buffer.data(), 32768) > 0) {
    }
    ::close(proc);
}

/// As the agent looks: through /proc/PID/root, which takes no joining of the mount namespace.
void scan_filesystems(const Container& container) {
    const int root = ::open(in_proc(container.pid, "/root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    const int mounts = ::open(in_proc(container.pid, "/mountinfo").c_str(), O_RDONLY | O_CLOEXEC);
    while (::read(mounts, buffer.data(), 16U << 10U) > 0) {
    }
    ::close(mounts);
    for (const std::string& path : container.mount_points) {
        const int place = ::openat(root, path.c_str(), O_PATH | O_CLOEXEC);
        struct statfs figures {};
        note(::fstatfs(place, &figures) == 0);
        ::close(place);
    }
    ::close(root);
}

void do_round(const std::vector<Container>& containers, unsigned long number) {
    for (unsigned long index = 0; index < containers.size(); ++index) {
        const Container& container = containers[index];
        const auto is_due = [turn = number + index](unsigned period) {
            return period != 0 && turn % period == 0;
        };
        for (const File& file : container.files)
            if (is_due(file.period))
                read_file(file);
        if (is_due(container.links))
            scan_at_links(container);
        if (is_due(container.processes))
            list_processes(container);
        if (is_due(container.filesystems))
            scan_filesystems(container);
    }
}

void report_round(const std::vector<Container>& containers, unsigned long number) {
    preads = failed = 0;
    const long long wall = now_ns(CLOCK_MONOTONIC), cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    do_round(containers, number);
    std::cout << now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu << ' ' << now_ns(CLOCK_MONOTONIC) - wall << ' '
              << preads << ' ' << failed << std::endl;
}

/// Where descriptors run short those files get them that are read at each round: with another choice the
/// floor would be higher than it need be, and the agent look cheaper than it is.
void open_all(std::vector<Container>& containers) {
    home = ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    for (Container& container : containers)
        if (container.pid != 0)
            container.pidfd = static_cast<int>(::syscall(SYS_pidfd_open, container.pid, 0));
    std::vector<File*> files;
    for (Container& container : containers)
        for (File& file : container.files)
            files.push_back(&file);
    std::ranges::stable_sort(files, {}, &File::period);
    long kept = 0;
    for (File* const file : files) {
        constexpr unsigned long reserve = 64; // for what is open for a moment only
        file->fd = ::open(file->path.c_str(), O_RDONLY | O_CLOEXEC);
        if (file->fd < 0)
            std::cerr << "floor: " << file->path << ": " << std::strerror(errno) << '\n';
        else if (static_cast<unsigned long>(file->fd) + reserve > limit.rlim_cur)
            ::close(std::exchange(file->fd, -1));
        else
            ++kept;
    }
    std::cout << kept << ' ' << static_cast<long>(files.size()) - kept << std::endl;
}

} // namespace

int main() {
    std::vector<Container> containers;
    unsigned long number = 0;
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream message(line);
        std::string word;
        message >> word;
        if (word == "container") {
            message >> containers.emplace_back().pid;
            continue;
        }
        if (word == "ready") {
            open_all(containers);
            continue;
        }
        if (word == "round") {
            report_round(containers, number++);
            continue;
        }
        if (containers.empty())
            return 2;
        Container& last = containers.back();
        if (word == "read" || word == "whole") {
            File& file = last.files.emplace_back();
            file.is_whole = word == "whole";
            message >> file.period >> file.path;
        } else if (word == "links") {
            message >> last.links;
        } else if (word == "processes") {
            message >> last.processes;
        } else if (word == "filesystems") {
            message >> last.filesystems;
            while (message >> word)
                last.mount_points.push_back(word);
        } else {
            std::cerr << "floor: what is " << line << "?\n";
            return 2;
        }
    }
}
