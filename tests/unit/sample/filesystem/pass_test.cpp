// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/child.hpp"
#include "support/log_capture.hpp"
#include "support/watched_filesystems.hpp"

#include "sample/filesystem/pass.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <deque>

using namespace lxcmon;
using namespace lxcmon::sample;
using std::chrono::milliseconds;
using test::second;

namespace {

/// Each answer takes a quarter of the deadline.
constexpr milliseconds deadline{80};
void slow_worker(int socket, HelperProgress&, const WorkerSettings&) {
    static FilesystemReply reply;
    for (;;) {
        NamespaceRequest request;
        if (::recv(socket, &request, sizeof request, 0) != sizeof request)
            ::_exit(0);
        ::usleep(20'000);
        reply.sequence = request.sequence;
        reply.has_risky = true;
        if (::send(socket, &reply, reply.sent_bytes(), MSG_NOSIGNAL) < 0)
            ::_exit(0);
    }
}

void silent_worker(int, HelperProgress&, const WorkerSettings&) {
    for (;;)
        ::pause();
}

struct Passes {
    explicit Passes(std::size_t containers, NamespaceHelper::Worker worker)
        : helper(deadline, {}, worker) {
        for (std::size_t at = 0; at < containers; ++at)
            filesystems.emplace_back("container c", at, names);
    }
    test::Child init{};
    NamespaceHelper helper;
    SeriesNames names{};
    std::deque<ContainerFilesystems> filesystems{};
    DeviceNames devices{AT_FDCWD};
    TickClock clock{TickClock::never};
    FilesystemPass pass{deadline, devices, clock};
    PointBuffer points{};
    std::int64_t tick_ns = 600 * second;

    void tick() {
        tick_ns += 10 * second;
        clock.begin(tick_ns);
        pass.begin(tick_ns, std::chrono::hours(1));
        for (ContainerFilesystems& each : filesystems)
            pass.add({&each, init.pid(), init.pidfd(), fields_of("lxc_fs"), {}});
        pass.run(helper, true, points);
    }
    [[nodiscard]] std::size_t scanned_at(bool risky) const {
        return static_cast<std::size_t>(
            std::ranges::count_if(filesystems, [risky](const ContainerFilesystems& each) {
                return each.last_scan_ns(risky) != INT64_MIN;
            }));
    }
};

} // namespace

TEST_CASE("after a container that hangs, the remaining ones are skipped in this tick") {
    const test::LogCapture log;
    Passes c(12, &silent_worker);
    for (const std::ptrdiff_t hung : {1, 2, 3}) {
        c.tick();
        CHECK(std::ranges::count_if(c.filesystems, &ContainerFilesystems::may_hang) == hung);
    }
}

TEST_CASE("many slow containers delay a tick by one deadline, and the remaining ones follow in later ticks") {
    Passes c(12, &slow_worker);
    c.tick();
    CHECK(c.scanned_at(false) <= 5);
    CHECK(c.scanned_at(true) <= 5);
    for (int tick = 0; tick < 60 && c.scanned_at(true) < c.filesystems.size(); ++tick)
        c.tick();
    CHECK(c.scanned_at(false) == c.filesystems.size());
    CHECK(c.scanned_at(true) == c.filesystems.size());
}
