// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/log_capture.hpp"
#include "support/stuck_fuse.hpp"
#include "support/stuck_worker.hpp"
#include "support/temp_tree.hpp"

#include "io/kernel_file.hpp"
#include "sample/filesystem/container_filesystems.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::sample;
using io::WorkerProcess;
using Outcome = NamespaceHelper::Outcome;

namespace {

constexpr std::chrono::seconds some_time{2};
constexpr std::int64_t pause_ns = 301'000'000'000;
constexpr std::size_t ballast_bytes = 64U << 20U;
const std::string place_c = "/lxc/c";

/// Scans as FilesystemPass does. Returns the request with what it left alone.
NamespaceRequest scan_risky(NamespaceHelper& helper, ContainerFilesystems& filesystems,
                            const test::Child& init, std::int64_t now_ns, Outcome& outcome) {
    NamespaceHelper::Request request;
    request.ask.init_pid = init.pid();
    request.init_pidfd = init.pidfd();
    request.subject = filesystems.place();
    filesystems.prepare(request.ask, true, now_ns);
    helper.scan_filesystems({&request, 1}, [&](std::size_t, Outcome made, const FilesystemReply& reply) {
        outcome = made;
        PointBuffer points;
        DeviceNames devices(AT_FDCWD);
        HostFilesystems host;
        filesystems.take(made, reply, helper.hang(), now_ns,
                         {fields_of("lxc_fs"), {}, {now_ns, now_ns, now_ns}, devices, points, host});
        return true;
    });
    return request.ask;
}

std::string status_of(pid_t pid) {
    return io::read_whole(AT_FDCWD, ("/proc/" + std::to_string(pid) + "/status").c_str());
}

std::size_t anonymous_bytes(pid_t pid) {
    const std::string text = status_of(pid);
    const std::size_t at = text.find("RssAnon:");
    return at == std::string::npos ? 0 : std::stoull(text.substr(at + 8)) << 10U;
}

/// A container whose init has a FUSE mount at /m, and serves it.
struct StuckContainer {
    test::TempTree place;
    test::StuckFuse fuse;
    test::Child init{CLONE_NEWNS,
                     [&] {
                         return fuse.open() && test::enter_tmpfs_root(place.path().c_str(), "size=1m") &&
                                ::mkdir("/m", 0755) == 0 && fuse.mount_at("/m");
                     },
                     [&] { fuse.serve(); }};
};

bool has_no_helper_without_a_fork() {
    if (!test::refuse_fork())
        return false;
    NamespaceHelper helper(some_time);
    CountReply reply;
    return helper.pid() == -1 && helper.scan_processes({}, reply) == Outcome::unavailable &&
           WorkerProcess::start_failures().contains("lxcmon-ns");
}

} // namespace

TEST_CASE("without a fork there is no helper, and no exception") {
    CHECK_NOTHROW(test::Child(0, &has_no_helper_without_a_fork));
}

TEST_SUITE_BEGIN("needs root");

TEST_CASE("no second helper goes to a mount whose helper can't be ended") {
    std::vector<char> ballast(ballast_bytes, 'x'); // as the agent's memory, which a fork shares
    const test::LogCapture log;
    StuckContainer container;
    NamespaceHelper helper(some_time, {{{"fuse*"}, {}}});
    const pid_t stuck = helper.pid();
    SeriesNames names;
    ContainerFilesystems filesystems("container c", 1, names, place_c);
    Outcome outcome = Outcome::broken;
    std::int64_t now_ns = 1'000'000'000;
    CHECK(scan_risky(helper, filesystems, container.init, now_ns, outcome).left_alone_count == 0);
    CHECK(outcome == Outcome::hung);
    REQUIRE(helper.hang().mount_point == "/m");
    const std::uint64_t device = helper.hang().device;

    // It does not end, and its memory is freed after a second.
    CHECK(anonymous_bytes(stuck) > ballast_bytes / 2);
    for (int round = 0; round < 1000 && anonymous_bytes(stuck) > ballast_bytes / 4; ++round) {
        WorkerProcess::reap();
        ::usleep(10'000);
    }
    CHECK(anonymous_bytes(stuck) < ballast_bytes / 4);
    CHECK(status_of(stuck).find("State:\tD") != std::string::npos);
    REQUIRE(WorkerProcess::not_reaped().size() == 1);
    CHECK(WorkerProcess::is_blocked(place_c, device));

    // The mount is left alone after the pause, also in a new start of the container.
    now_ns += pause_ns;
    ContainerFilesystems restarted("container c", 2, names, place_c);
    for (ContainerFilesystems* each : {&filesystems, &restarted}) {
        const NamespaceRequest request = scan_risky(helper, *each, container.init, now_ns, outcome);
        CHECK(outcome == Outcome::answered);
        REQUIRE(request.left_alone_count == 1);
        CHECK(request.left_alone[0] == device);
        CHECK_FALSE(each->pauses(now_ns));
    }
    CHECK_FALSE(filesystems.is_well());
    CHECK(WorkerProcess::not_reaped().size() == 1);

    container.init.end(); // with the server of the mount
    CHECK(test::all_reaped());
    CHECK_FALSE(WorkerProcess::is_blocked(place_c, device));
    CHECK(ballast.back() == 'x');
}

TEST_CASE("a container with two helpers that can't be ended gets no other") {
    StuckContainer container;
    SeriesNames names;
    ContainerFilesystems filesystems("container c", 1, names, place_c);
    CHECK_FALSE(filesystems.pauses(1));
    for (std::uint64_t part = 1; part <= WorkerProcess::most_of_subject; ++part) {
        NamespaceHelper helper(some_time, {{{"fuse*"}, {}}});
        NamespaceHelper::Request request;
        request.ask.scan = Scan::filesystems;
        request.ask.risky = true;
        request.ask.init_pid = container.init.pid();
        request.init_pidfd = container.init.pidfd();
        request.subject = place_c;
        helper.scan_filesystems({&request, 1}, [&](std::size_t, Outcome outcome, const FilesystemReply&) {
            CHECK(outcome == Outcome::hung);
            return true;
        });
        CHECK(filesystems.pauses(1) == (part == WorkerProcess::most_of_subject));
        CHECK(filesystems.is_well() == (part != WorkerProcess::most_of_subject));
    }
    CHECK_FALSE(ContainerFilesystems("container d", 2, names, "/lxc/d").pauses(1));
    container.init.end();
    CHECK(test::all_reaped());
    CHECK_FALSE(filesystems.pauses(1));
}

TEST_SUITE_END();
