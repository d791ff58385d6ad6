// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/helper/client.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace lxcmon::sample {
namespace {

/// Requests in flight: enough to keep the helper busy, few enough to fit in the socket's buffer.
constexpr std::size_t window = 32;

} // namespace

NamespaceHelper::NamespaceHelper(std::chrono::milliseconds deadline, WorkerSettings settings, Worker worker)
    : deadline_(deadline)
    , settings_(std::move(settings))
    , worker_(worker) {
    try {
        start();
    } catch (const std::system_error&) {
        if (!progress_)
            throw;
    }
}

void NamespaceHelper::start() {
    // A new page for each helper: a killed helper may still write to its own.
    progress_ = HelperProgress::make();
    process_.start("starting the namespace helper",
                   [this](int socket) { worker_(socket, *progress_, settings_); });
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
    return ::sendmsg(process_.socket(), &message, MSG_NOSIGNAL) == static_cast<ssize_t>(sizeof body);
}

template <typename Reply>
NamespaceHelper::Outcome NamespaceHelper::receive(std::uint64_t sequence, Reply& reply) noexcept {
    if (!process_.wait_for_reply(deadline_))
        return Outcome::hung;
    ssize_t length = 0;
    do {
        length = ::recv(process_.socket(), &reply, sizeof reply, 0);
        // ECONNRESET comes once if the helper ended with unread requests. Its answers can be read after it.
    } while (length < 0 && (errno == EINTR || errno == ECONNRESET));
    const bool whole = length > 0 && reply.is_whole(static_cast<std::size_t>(length));
    return whole && reply.sequence == sequence ? Outcome::answered : Outcome::broken;
}

NamespaceHelper::Outcome NamespaceHelper::send_up_to(std::span<const Request> requests, std::size_t done,
                                                     std::size_t& sent) {
    try {
        if (!process_.is_running()) {
            start();
            sent = done; // requests that the old helper did not answer are sent again
        }
    } catch (const std::system_error&) {
        return Outcome::unavailable;
    }
    // A request that can't be sent fails alone: earlier requests may still be answered.
    while (sent < requests.size() && sent < done + window && send(requests[sent], sequence_ + sent))
        ++sent;
    return sent > done ? Outcome::answered : Outcome::broken;
}

void NamespaceHelper::kill(std::span<const Request> unanswered, std::uint64_t sequence) {
    io::UnreapedWorker* const killed = process_.kill();
    if (killed == nullptr)
        return;
    // It works on one of them, if it has not just finished all.
    HangPlace place;
    for (std::size_t index = 0; place.stage == Stage::unknown && index < unanswered.size(); ++index) {
        place = progress_->place(sequence + index);
        killed->subject = unanswered[place.stage == Stage::unknown ? 0 : index].subject;
    }
    killed->part = part_of(place);
}

template <typename Reply>
void NamespaceHelper::run(std::span<const Request> requests, Reply& reply, const OnReply<Reply>& on_reply) {
    io::WorkerProcess::reap();
    std::size_t sent = 0;
    for (std::size_t done = 0; done < requests.size(); ++done) {
        Outcome outcome = send_up_to(requests, done, sent);
        if (outcome == Outcome::answered)
            outcome = receive(sequence_ + done, reply);
        if (outcome != Outcome::answered) {
            kill(requests.subspan(done, sent > done ? sent - done : 0), sequence_ + done);
            reply.clear();
        }
        if (outcome == Outcome::hung)
            hang_ = progress_->place(sequence_ + done);
        if (!on_reply(done, outcome, reply)) {
            if (sent > done + 1) // it would go on with requests that are no longer needed
                kill(requests.subspan(done + 1, sent - done - 1), sequence_ + done + 1);
            break;
        }
    }
    sequence_ += requests.size();
}

NamespaceHelper::Outcome NamespaceHelper::scan_processes(const Request& request, CountReply& reply) {
    Outcome outcome = Outcome::broken;
    const auto take = [&outcome](std::size_t, Outcome made, const CountReply&) {
        outcome = made;
        return false;
    };
    run<CountReply>({&request, 1}, reply, take);
    return outcome;
}

void NamespaceHelper::scan_filesystems(std::span<const Request> requests,
                                       const OnReply<FilesystemReply>& on_reply) {
    run(requests, filesystems_, on_reply);
}

} // namespace lxcmon::sample
