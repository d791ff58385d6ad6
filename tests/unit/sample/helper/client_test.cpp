// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/child.hpp"
#include "support/namespace_scan.hpp"

#include "sample/helper/client.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <set>
#include <string>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::sample;
using Outcome = NamespaceHelper::Outcome;
using std::chrono::milliseconds;
using test::ample;

// Fake workers. The init_pid of a request is its number.
namespace {

constexpr pid_t bad = 50;
constexpr pid_t offset = 1000; ///< added to init_pid, as 0 is the host

NamespaceRequest next_request(int socket) {
    NamespaceRequest request;
    if (::recv(socket, &request, sizeof request, 0) != sizeof request)
        ::_exit(0);
    return request;
}

void answer(int socket, const NamespaceRequest& request) {
    if (request.scan == Scan::processes) {
        CountReply reply;
        reply.sequence = request.sequence;
        reply.processes = request.init_pid;
        if (::send(socket, &reply, sizeof reply, MSG_NOSIGNAL) < 0)
            ::_exit(0);
        return;
    }
    static FilesystemReply reply;
    reply.sequence = request.sequence;
    reply.left_out = static_cast<std::uint32_t>(request.init_pid);
    reply.text_bytes = reply.left_out % 3;
    if (::send(socket, &reply, reply.sent_bytes(), MSG_NOSIGNAL) < 0)
        ::_exit(0);
}

template <typename OnBad>
[[noreturn]] void serve(int socket, OnBad&& on_bad) {
    for (;;) {
        const NamespaceRequest request = next_request(socket);
        if (request.init_pid % 100 == bad)
            on_bad(request);
        answer(socket, request);
    }
}

void good_worker(int socket, HelperProgress&, const WorkerSettings&) {
    serve(socket, [](const NamespaceRequest&) {});
}
void hanging_worker(int socket, HelperProgress&, const WorkerSettings&) {
    serve(socket, [](const NamespaceRequest&) {
        for (;;)
            ::pause();
    });
}
void exiting_worker(int socket, HelperProgress&, const WorkerSettings&) {
    serve(socket, [](const NamespaceRequest&) { ::_exit(7); });
}
void crashing_at_once(int, HelperProgress&, const WorkerSettings&) {
    ::_exit(7);
}

/// Hangs at a place that depends on the request.
void hanging_somewhere(int socket, HelperProgress& progress, const WorkerSettings&) {
    for (;;) {
        const NamespaceRequest request = next_request(socket);
        progress.begin(request.sequence);
        if (request.init_pid % 10 == 0) {
            answer(socket, request);
            continue;
        }
        progress.enter(Stage::mount_list);
        if (request.init_pid % 10 == 1)
            progress.enter(Stage::processes);
        if (request.init_pid % 10 == 2)
            progress.enter_mount(5, "/mnt/\nx");
        if (request.init_pid % 10 == 3)
            progress.begin(request.sequence + 1); // goes on while the agent reads the page
        for (;;)
            ::pause();
    }
}

/// The kind of invalid answer to the bad request.
enum class Invalid { truncated, too_long, wrong_sequence, too_many, empty, no_duration };
template <Invalid kind>
void invalid_worker(int socket, HelperProgress&, const WorkerSettings&) {
    serve(socket, [socket](const NamespaceRequest& request) {
        static FilesystemReply reply;
        reply.sequence = request.sequence + (kind == Invalid::wrong_sequence ? 1 : 0);
        reply.count = kind == Invalid::too_many ? max_filesystems + 1 : 2;
        reply.filesystems[1].took_nsec = kind == Invalid::no_duration ? INT64_MAX : 0;
        std::size_t bytes = reply.sent_bytes();
        if (kind == Invalid::truncated)
            bytes = offsetof(FilesystemReply, texts) - 1;
        else if (kind == Invalid::too_long)
            bytes += 8;
        else if (kind == Invalid::empty)
            bytes = 0;
        ::send(socket, &reply, bytes, MSG_NOSIGNAL);
    });
}

struct Answers {
    std::vector<Outcome> outcomes;
    std::size_t out_of_order = 0;
    std::size_t wrong = 0; ///< answers with another container's values
};

NamespaceHelper::Request request_of(pid_t number, int pidfd, Scan scan = Scan::filesystems) {
    NamespaceHelper::Request request;
    request.ask.init_pid = number + offset;
    request.ask.scan = scan;
    request.init_pidfd = pidfd;
    return request;
}

Answers run(NamespaceHelper& helper, std::size_t count, int pidfd, pid_t first = 0) {
    std::vector<NamespaceHelper::Request> requests(count);
    for (std::size_t index = 0; index < count; ++index)
        requests[index] = request_of(first + static_cast<pid_t>(index), pidfd);
    Answers answers;
    helper.scan_filesystems(requests, [&](std::size_t index, Outcome outcome, const FilesystemReply& reply) {
        answers.out_of_order += index == answers.outcomes.size() ? 0 : 1;
        answers.outcomes.push_back(outcome);
        const auto wanted = static_cast<std::uint32_t>(requests[index].ask.init_pid);
        if (outcome == Outcome::answered && reply.left_out != wanted)
            ++answers.wrong;
        return outcome != Outcome::hung;
    });
    return answers;
}

/// Checks that 100 requests were answered in order, except the ones in `failed`, which have `outcome`.
void check_all_but(const Answers& answers, const std::set<std::size_t>& failed, Outcome outcome) {
    CHECK(answers.out_of_order == 0);
    CHECK(answers.wrong == 0);
    REQUIRE(answers.outcomes.size() == 100);
    for (std::size_t index = 0; index < answers.outcomes.size(); ++index) {
        CAPTURE(index);
        CHECK(answers.outcomes[index] == (failed.count(index) != 0 ? outcome : Outcome::answered));
    }
}

} // namespace

TEST_CASE("more requests than fit in the window are answered in order by one process") {
    const test::Child init;
    NamespaceHelper helper(ample, {}, &good_worker);
    const pid_t process = helper.pid();
    check_all_but(run(helper, 100, init.pidfd()), {}, Outcome::broken);
    check_all_but(run(helper, 100, init.pidfd(), 100), {}, Outcome::broken);
    CHECK(run(helper, 0, init.pidfd()).outcomes.empty());
    CHECK(helper.pid() == process);
}

TEST_CASE("scans stop when the caller returns false, and later scans get their own answers") {
    const test::Child init;
    NamespaceHelper helper(ample, {}, &good_worker);
    const std::vector<NamespaceHelper::Request> requests(100, request_of(7, init.pidfd()));
    for (const std::size_t most : {1U, 30U, 99U, 100U}) {
        std::size_t asked = 0;
        helper.scan_filesystems(requests, [&](auto&&...) { return ++asked < most; });
        CHECK(asked == most);
        check_all_but(run(helper, 100, init.pidfd()), {}, Outcome::broken);
    }
}

TEST_CASE("after a request that hangs the process is replaced") {
    const test::Child init;
    NamespaceHelper helper(milliseconds(400), {}, &hanging_worker);
    const pid_t process = helper.pid();
    const io::UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
    const auto begin = std::chrono::steady_clock::now();
    const Answers answers = run(helper, 100, init.pidfd());
    CHECK(std::chrono::steady_clock::now() - begin >= milliseconds(400));
    CHECK(answers.wrong == 0);
    std::vector<Outcome> wanted(51, Outcome::answered);
    wanted.back() = Outcome::hung;
    CHECK(answers.outcomes == wanted);
    CHECK(test::ends_soon(pidfd.get()));
    check_all_but(run(helper, 100, init.pidfd(), 51), {99}, Outcome::hung);
    CHECK(run(helper, 100, init.pidfd(), 50).outcomes == std::vector{Outcome::hung});
    CHECK(run(helper, 1, init.pidfd()).outcomes == std::vector{Outcome::answered});
    CHECK(helper.pid() > 0);
    CHECK(helper.pid() != process);
}

TEST_CASE("processes are counted by the same helper") {
    const test::Child init;
    NamespaceHelper helper(milliseconds(400), {}, &hanging_worker);
    CountReply reply;
    for (const pid_t number : {1, 2, bad, 3}) {
        const auto request = request_of(number, init.pidfd(), Scan::processes);
        const Outcome outcome = helper.scan_processes(request, reply);
        CHECK(outcome == (number == bad ? Outcome::hung : Outcome::answered));
        CHECK(reply.processes == (number == bad ? -1 : number + offset));
        CHECK(run(helper, 1, init.pidfd()).outcomes == std::vector{Outcome::answered});
    }
}

TEST_CASE("if the helper ends, the other containers still get their answers") {
    const test::Child init;
    NamespaceHelper helper(ample, {}, &exiting_worker);
    const pid_t process = helper.pid();
    // Repeated, as the number of answers taken before the helper ends varies.
    for (int round = 0; round < 20; ++round)
        check_all_but(run(helper, 100, init.pidfd()), {50}, Outcome::broken);
    CHECK(helper.pid() != process);
    check_all_but(run(helper, 100, init.pidfd(), 50), {0}, Outcome::broken);
    check_all_but(run(helper, 100, init.pidfd(), 51), {99}, Outcome::broken);
}

TEST_CASE("if the helper ends at once, each request is broken") {
    const test::Child init;
    NamespaceHelper helper(ample, {}, &crashing_at_once);
    const Answers answers = run(helper, 3, init.pidfd());
    CHECK(answers.outcomes == std::vector<Outcome>(3, Outcome::broken));
}

TEST_CASE_TEMPLATE_DEFINE("an invalid answer", Kind, invalid) {
    const test::Child init;
    NamespaceHelper helper(ample, {}, &invalid_worker<Kind::value>);
    const pid_t process = helper.pid();
    check_all_but(run(helper, 100, init.pidfd()), {50}, Outcome::broken);
    CHECK(helper.pid() != process);
}
template <Invalid kind>
using Kind = std::integral_constant<Invalid, kind>;
TEST_CASE_TEMPLATE_INVOKE(invalid, Kind<Invalid::truncated>, Kind<Invalid::too_long>,
                          Kind<Invalid::wrong_sequence>, Kind<Invalid::too_many>, Kind<Invalid::empty>,
                          Kind<Invalid::no_duration>);

TEST_CASE("a request with an invalid pidfd is broken, the other requests are not") {
    const test::Child init;
    NamespaceHelper helper(ample, {}, &good_worker);
    std::vector<NamespaceHelper::Request> requests(100);
    for (std::size_t index = 0; index < requests.size(); ++index)
        requests[index] = request_of(static_cast<pid_t>(index), index == 50 ? -1 : init.pidfd());
    Answers answers;
    helper.scan_filesystems(requests, [&](std::size_t, Outcome outcome, const FilesystemReply&) {
        answers.outcomes.push_back(outcome);
        return true;
    });
    check_all_but(answers, {50}, Outcome::broken);
}

TEST_CASE("the helper ends with the object") {
    io::UniqueFd pidfd;
    {
        const NamespaceHelper helper(ample, {}, &good_worker);
        pidfd.reset(static_cast<int>(::syscall(SYS_pidfd_open, helper.pid(), 0)));
        REQUIRE(pidfd);
    }
    CHECK(test::ends_soon(pidfd.get()));
}

TEST_CASE("the place where the helper hangs is known") {
    const test::Child init;
    NamespaceHelper helper(milliseconds(300), {}, &hanging_somewhere);
    const auto hang_of = [&](pid_t number) {
        CountReply reply;
        CHECK(helper.scan_processes(request_of(number, init.pidfd(), Scan::processes), reply) ==
              Outcome::hung);
        return helper.hang();
    };
    CHECK(hang_of(1).stage == Stage::processes);
    const HangPlace mount = hang_of(2);
    CHECK(mount.stage == Stage::mount);
    CHECK(mount.device == 5);
    CHECK(mount.mount_point == "/mnt/\nx");
    CHECK(hang_of(3).stage == Stage::unknown);
    CHECK(hang_of(4).stage == Stage::mount_list);
}
