// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/worker_process.hpp"

#include "io/kernel_file.hpp"
#include "io/parse.hpp"
#include "io/pidfd.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <memory>
#include <optional>
#include <system_error>

namespace lxcmon::io {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds retry_after{1};
/// A process that is still there so long after SIGKILL waits for something.
constexpr std::chrono::seconds release_after{1};
constexpr std::string_view name_prefix = "lxcmon-";

/// Closes all descriptors except the socket, and makes the child end with the agent. A hung child may outlive
/// SIGKILL for long: with stdout open it would block a reader of the agent's output.
[[noreturn]] void become_worker(const char* kind, int socket, pid_t parent, const WorkerProcess::Main& main) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent)
        ::_exit(0);
    ::prctl(PR_SET_NAME, kind);
    if (::dup2(socket, STDIN_FILENO) < 0)
        ::_exit(1);
    ::closefrom(STDIN_FILENO + 1); // close_range(2) only on Linux 5.9 and later
    main(STDIN_FILENO);
    ::_exit(0);
}

[[noreturn]] void fail(const char* what, const char* call) {
    throw std::system_error(errno, std::generic_category(), std::string(what) + ": " + call);
}

/// Frees the memory of a killed process that can't end: a forked child keeps each page that the agent has
/// written since. Fails before Linux 5.15.
void release_memory(pid_t pid) noexcept {
#ifdef SYS_process_mrelease
    const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (pidfd)
        ::syscall(SYS_process_mrelease, pidfd.get(), 0);
#else
    static_cast<void>(pid);
#endif
}

std::string text_of(pid_t pid, const char* file) {
    std::string text;
    const std::string path = "/proc/" + std::to_string(pid) + '/' + file;
    return try_read_whole(AT_FDCWD, path.c_str(), text) == 0 ? text : std::string();
}

/// Whether SIGKILL has been sent to a process that is still there (proc_pid_status(5)).
bool was_killed(pid_t pid) {
    bool is_pending = false;
    for_each_line(text_of(pid, "status"), [&](std::string_view line) {
        const std::string_view key = take_until(line, '\t');
        std::uint64_t signals = 0;
        if (key == "SigPnd:" || key == "ShdPnd:")
            std::from_chars(line.data(), line.data() + line.size(), signals, 16);
        is_pending = is_pending || (signals >> (SIGKILL - 1) & 1U) != 0;
    });
    return is_pending;
}

/// A worker of an earlier run that can't be ended. These files can be read without waiting.
std::optional<UnreapedWorker> earlier_worker(pid_t pid, const std::string& cgroup) {
    const std::string comm = text_of(pid, "comm");
    if (!comm.starts_with(name_prefix) || !was_killed(pid) || text_of(pid, "cgroup") != cgroup)
        return std::nullopt;
    UnreapedWorker worker;
    worker.pid = pid;
    worker.kind = comm.substr(0, comm.find('\n'));
    worker.killed_at = Clock::now() - release_after;
    worker.earlier.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    return is_alive(worker.earlier.get()) ? std::optional(std::move(worker)) : std::nullopt;
}

} // namespace

WorkerProcess::~WorkerProcess() {
    kill();
    reap();
}

void WorkerProcess::start(const char* what, const Main& main) {
    reap();
    const auto unreaped = std::ranges::count(killed, kind_, &UnreapedWorker::kind);
    const bool is_full = static_cast<std::size_t>(unreaped) >= most_of_kind;
    if (is_full)
        failures.insert_or_assign(kind_, std::to_string(unreaped) + " earlier ones can't be ended");
    if (is_full || Clock::now() < again_)
        throw std::system_error(EAGAIN, std::generic_category(), what);
    try {
        fork_child(what, main);
    } catch (const std::system_error& error) {
        failures.insert_or_assign(kind_, error.what());
        again_ = Clock::now() + retry_after;
        throw;
    }
    failures.erase(kind_);
}

void WorkerProcess::fork_child(const char* what, const Main& main) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
        fail(what, "socketpair");
    UniqueFd ours(ends[0]);
    const UniqueFd theirs(ends[1]);
    std::list<UnreapedWorker> entry(1);
    entry.front().kind = kind_;
    running_pids.reserve(running_pids.size() + 1);
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0)
        fail(what, "fork");
    if (child == 0)
        become_worker(kind_.c_str(), theirs.get(), parent, main);
    entry.front().pid = child;
    running_.swap(entry);
    running_pids.push_back(child);
    socket_ = std::move(ours);
}

UnreapedWorker* WorkerProcess::kill() noexcept {
    socket_.reset();
    if (running_.empty())
        return nullptr;
    ::kill(pid(), SIGKILL);
    std::erase(running_pids, pid());
    running_.front().killed_at = Clock::now();
    killed.splice(killed.end(), running_);
    return &killed.back();
}

void WorkerProcess::reap() noexcept {
    if (killed.empty())
        return;
    const Clock::time_point now = Clock::now();
    std::erase_if(killed, [now](UnreapedWorker& each) {
        const bool has_ended =
            each.earlier ? !is_alive(each.earlier.get()) : ::waitpid(each.pid, nullptr, WNOHANG) != 0;
        if (!has_ended && !each.is_released && now - each.killed_at >= release_after) {
            each.is_released = true;
            release_memory(each.pid);
        }
        return has_ended;
    });
}

bool WorkerProcess::is_blocked(std::string_view subject, std::uint64_t part) noexcept {
    if (subject.empty())
        return false;
    std::size_t at_subject = 0;
    for (const UnreapedWorker& each : killed)
        if (each.subject == subject && (each.part == part || ++at_subject >= most_of_subject))
            return true;
    return false;
}

void WorkerProcess::find_earlier() {
    const std::string cgroup = text_of(::getpid(), "cgroup");
    const std::unique_ptr<DIR, int (*)(DIR*)> proc(::opendir("/proc"), &::closedir);
    while (const dirent* entry = proc ? ::readdir(proc.get()) : nullptr) {
        const auto pid = parse_number<pid_t>(entry->d_name);
        if (!pid || std::ranges::find(killed, *pid, &UnreapedWorker::pid) != killed.end())
            continue;
        if (auto worker = earlier_worker(*pid, cgroup))
            killed.push_back(std::move(*worker));
    }
}

bool WorkerProcess::wait_for_reply(std::chrono::milliseconds deadline) const noexcept {
    const auto end = Clock::now() + deadline;
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
        pollfd wait{socket_.get(), POLLIN, 0};
        const int ready = ::poll(&wait, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
        if (ready >= 0 || errno != EINTR)
            return ready > 0;
    }
}

} // namespace lxcmon::io
