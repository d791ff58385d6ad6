#include "sample/namespace_helper.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

namespace lxcmon::sample {
namespace {

/// Requests on their way at once: enough to keep the helper busy, few enough to fit in the socket's buffer.
constexpr std::size_t window = 32;
constexpr int child_socket = 3;

using Clock = std::chrono::steady_clock;

/// The child's first steps: only its socket and stderr stay open, and it ends when the agent does.
[[noreturn]] void become_worker(int socket, pid_t agent, NamespaceHelper::Worker worker,
                                HelperProgress& progress, const WorkerSettings& settings) noexcept {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != agent)
        ::_exit(0);
    if (socket != child_socket && ::dup2(socket, child_socket) < 0)
        ::_exit(1);
    ::closefrom(child_socket + 1); // close_range(2) only on Linux 5.9 and later
    worker(child_socket, progress, settings);
    ::_exit(0);
}

} // namespace

NamespaceHelper::NamespaceHelper(std::chrono::milliseconds deadline, WorkerSettings settings, Worker worker)
    : deadline_(deadline)
    , settings_(std::move(settings))
    , worker_(worker) {
    start();
}

NamespaceHelper::~NamespaceHelper() {
    end_worker();
    reap(); // or the next helper does: SIGHUP makes a new one
}

void NamespaceHelper::start() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
        throw std::system_error(errno, std::generic_category(), "starting the namespace helper: socketpair");
    io::UniqueFd ours(ends[0]);
    const io::UniqueFd theirs(ends[1]);
    // A new page for each: the helper that was killed may still write to the old one.
    progress_ = HelperProgress::make();
    const pid_t agent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0)
        throw std::system_error(errno, std::generic_category(), "starting the namespace helper: fork");
    if (child == 0)
        become_worker(theirs.get(), agent, worker_, *progress_, settings_);
    pid_ = child;
    socket_ = std::move(ours);
}

void NamespaceHelper::end_worker() noexcept {
    socket_.reset();
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        killed.push_back(pid_);
        pid_ = -1;
    }
}

void NamespaceHelper::reap() noexcept {
    std::erase_if(killed, [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
}

bool NamespaceHelper::send(const Request& request, std::uint64_t sequence) noexcept {
    NamespaceRequest body = request.ask;
    body.sequence = sequence;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    iovec content{&body, sizeof body};
    msghdr message{};
    message.msg_iov = &content;
    message.msg_iovlen = 1;
    if (!body.is_of_host()) {
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(header), &request.init_pidfd, sizeof(int));
    }
    return ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL) == static_cast<ssize_t>(sizeof body);
}

bool NamespaceHelper::wait_for_reply() noexcept {
    const auto end = Clock::now() + deadline_;
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
        pollfd wait{socket_.get(), POLLIN, 0};
        const int ready = ::poll(&wait, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
        if (ready >= 0 || errno != EINTR)
            return ready > 0;
    }
}

template <typename Reply>
NamespaceHelper::Outcome NamespaceHelper::receive(std::uint64_t sequence, Reply& reply) noexcept {
    if (!wait_for_reply())
        return Outcome::hung;
    ssize_t length = 0;
    do {
        length = ::recv(socket_.get(), &reply, sizeof reply, 0);
        // ECONNRESET comes once where the helper ended with requests unread: its answers wait behind that.
    } while (length < 0 && (errno == EINTR || errno == ECONNRESET));
    const bool whole = length > 0 && reply.is_whole(static_cast<std::size_t>(length));
    return whole && reply.sequence == sequence ? Outcome::answered : Outcome::broken;
}

NamespaceHelper::Outcome NamespaceHelper::send_up_to(std::span<const Request> requests, std::size_t done,
                                                     std::size_t& sent) {
    try {
        if (pid_ < 0) {
            start();
            sent = done; // what the old helper had not answered is asked again
        }
    } catch (const std::system_error&) {
        return Outcome::broken;
    }
    // A request that can't be sent is its own container's trouble: those before it may still be answered.
    while (sent < requests.size() && sent < done + window && send(requests[sent], sequence_ + sent))
        ++sent;
    return sent > done ? Outcome::answered : Outcome::broken;
}

template <typename Reply>
void NamespaceHelper::run(std::span<const Request> requests, Reply& reply, const OnReply<Reply>& on_reply) {
    reap();
    std::size_t sent = 0;
    for (std::size_t done = 0; done < requests.size(); ++done) {
        Outcome outcome = send_up_to(requests, done, sent);
        if (outcome == Outcome::answered)
            outcome = receive(sequence_ + done, reply);
        if (outcome != Outcome::answered) {
            end_worker();
            reply.clear();
        }
        if (outcome == Outcome::hung)
            hang_ = progress_->place(sequence_ + done, network_);
        if (!on_reply(done, outcome, reply))
            break;
    }
    sequence_ += requests.size();
}

void NamespaceHelper::look_at_networks(std::span<const Request> requests,
                                       const OnReply<NamespaceReply>& on_reply) {
    run(requests, network_, on_reply);
}

void NamespaceHelper::look_at_filesystems(std::span<const Request> requests,
                                          const OnReply<FilesystemReply>& on_reply) {
    run(requests, filesystems_, on_reply);
}

} // namespace lxcmon::sample
