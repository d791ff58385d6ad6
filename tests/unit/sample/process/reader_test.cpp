// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/child.hpp"

#include "sample/helper/progress.hpp"
#include "sample/process/reader.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::sample;
using ReaderOutcome = ProcessReader::Outcome;
using std::chrono::milliseconds;
using test::Child;

namespace {

constexpr milliseconds ample{20'000};
constexpr pid_t bad = 13;

/// Answers with the requested processes, and calls `on_bad` for the bad one.
template <typename OnBad>
[[noreturn]] void serve(int socket, OnBad&& on_bad) {
    for (;;) {
        static ProcessReply reply;
        ProcessRequest request;
        if (::recv(socket, &request, sizeof request, 0) != sizeof request)
            ::_exit(0);
        reply.sequence = request.sequence;
        reply.count = request.count;
        for (std::uint32_t at = 0; at < request.count; ++at) {
            reply.processes[at].pid = request.pids[at];
            if (request.pids[at] == bad)
                on_bad(reply);
        }
        ::send(socket, &reply, sizeof reply, MSG_NOSIGNAL);
    }
}
void hanging_worker(int socket) {
    serve(socket, [](ProcessReply&) {
        for (;;)
            ::pause();
    });
}
void slow_worker(int socket) {
    serve(socket, [](ProcessReply&) { ::usleep(30'000); });
}
void exiting_worker(int socket) {
    serve(socket, [](ProcessReply&) { ::_exit(3); });
}
void lying_worker(int socket) {
    serve(socket, [](ProcessReply& reply) { reply.count = max_per_request + 1; });
}
/// Sends bytes that are no valid name and no optional.
void garbling_worker(int socket) {
    serve(socket, [](ProcessReply& reply) {
        auto* const bytes = static_cast<unsigned char*>(static_cast<void*>(&reply.processes[0]));
        std::fill_n(bytes, sizeof reply.processes[0], static_cast<unsigned char>(0xA5));
    });
}
void late_worker(int socket) {
    serve(socket, [](ProcessReply& reply) { --reply.sequence; });
}

void long_name_worker(int socket) {
    serve(socket, [](ProcessReply& reply) { reply.processes[0].name_bytes = 65; });
}
void negative_worker(int socket) {
    serve(socket, [](ProcessReply& reply) { reply.processes[0].cpu_ticks = INT64_MIN; });
}

std::vector<pid_t> from_100(std::size_t count) {
    std::vector<pid_t> pids(count);
    for (std::size_t at = 0; at < count; ++at)
        pids[at] = static_cast<pid_t>(100 + at);
    return pids;
}

} // namespace

TEST_CASE("processes are read in a child, ended processes are left out") {
    const Child first;
    Child other;
    ProcessReader reader(ample);
    CHECK(reader.pid() == -1); // not started before the first read
    std::vector<io::ProcessStats> stats;
    const std::vector<pid_t> pids{first.pid(), other.pid(), ::getpid()};
    CHECK(reader.read(pids, true, stats) == ReaderOutcome::answered);
    REQUIRE(stats.size() == 3);
    CHECK(stats[2].pid == ::getpid());
    CHECK(stats[2].command() == "unit-process");
    CHECK(stats[0].start_ticks >= stats[2].start_ticks);
    CHECK(stats[0].write_bytes);
    const pid_t child = reader.pid();
    other.end();
    CHECK(reader.read(pids, false, stats) == ReaderOutcome::answered);
    REQUIRE(stats.size() == 2);
    CHECK(stats[1].pid == ::getpid());
    CHECK_FALSE(stats[0].write_bytes);
    CHECK(reader.pid() == child);
}

TEST_CASE("processes can be more than fit in a datagram") {
    ProcessReader reader(ample, &hanging_worker);
    std::vector<io::ProcessStats> stats;
    for (const std::size_t count :
         {max_per_request, max_per_request + 1, 5 * max_per_request, std::size_t{0}}) {
        CAPTURE(count);
        CHECK(reader.read(from_100(count), true, stats) == ReaderOutcome::answered);
        REQUIRE(stats.size() == count);
        for (std::size_t at = 0; at < count; ++at)
            CHECK(stats[at].pid == static_cast<pid_t>(100 + at));
    }
}

TEST_CASE("a child that hangs is killed, and a new child serves the next read") {
    ProcessReader reader(milliseconds(100), &hanging_worker);
    std::vector<io::ProcessStats> stats;
    CHECK(reader.read(from_100(3), true, stats) == ReaderOutcome::answered);
    auto pids = from_100(2 * max_per_request);
    pids.back() = bad;
    const auto begin = std::chrono::steady_clock::now();
    CHECK(reader.read(pids, true, stats) == ReaderOutcome::hung);
    CHECK(std::chrono::steady_clock::now() - begin < ample);
    CHECK(reader.pid() == -1);
    CHECK(reader.read(from_100(3), true, stats) == ReaderOutcome::answered);
    CHECK(stats.size() == 3);
}

TEST_CASE("the deadline is for a whole read, with any number of datagrams") {
    ProcessReader reader(milliseconds(100), &slow_worker);
    std::vector<io::ProcessStats> stats;
    CHECK(reader.read(std::vector<pid_t>(10 * max_per_request, bad), true, stats) == ReaderOutcome::hung);
}

TEST_CASE("a child that ends or sends an invalid reply is replaced") {
    for (const auto worker :
         {&exiting_worker, &lying_worker, &late_worker, &long_name_worker, &negative_worker}) {
        ProcessReader reader(ample, worker);
        std::vector<io::ProcessStats> stats;
        const std::vector<pid_t> pids{bad};
        CHECK(reader.read(pids, true, stats) == ReaderOutcome::broken);
        CHECK(reader.read(from_100(3), true, stats) == ReaderOutcome::answered);
        CHECK(stats.size() == 3);
    }
}

TEST_CASE("any bytes from the child are values, and no name is longer than its room") {
    ProcessReader reader(ample, &garbling_worker);
    std::vector<io::ProcessStats> stats;
    const std::vector<pid_t> pids{bad};
    REQUIRE(reader.read(pids, true, stats) == Outcome::answered);
    REQUIRE(stats.size() == 1);
    CHECK(stats[0].command() == std::string(io::ProcessStats::most_name_bytes, '\xA5'));
    CHECK_FALSE(stats[0].rss_pages); // a negative number
    CHECK_FALSE(stats[0].write_bytes);
}

TEST_CASE("a child that hangs is noted with its subject") {
    ProcessReader reader(milliseconds(100), &hanging_worker);
    std::vector<io::ProcessStats> stats;
    const std::vector<pid_t> pids{bad};
    CHECK(reader.read(pids, true, stats, "/lxc/c") == Outcome::hung);
    REQUIRE_FALSE(io::WorkerProcess::not_reaped().empty());
    CHECK(io::WorkerProcess::not_reaped().back().subject == "/lxc/c");
    CHECK(io::WorkerProcess::not_reaped().back().part == part_process_files);
}

TEST_CASE("the child ends with its reader") {
    auto reader = std::make_unique<ProcessReader>(ample);
    std::vector<io::ProcessStats> stats;
    const pid_t self = ::getpid();
    CHECK(reader->read(std::span(&self, 1), true, stats) == ReaderOutcome::answered);
    const io::UniqueFd child(static_cast<int>(::syscall(SYS_pidfd_open, reader->pid(), 0)));
    REQUIRE(child);
    reader.reset();
    CHECK(test::ends_soon(child.get()));
}
