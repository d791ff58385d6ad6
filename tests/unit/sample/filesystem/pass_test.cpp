#include "support/child.hpp"
#include "support/log_capture.hpp"

#include "sample/filesystem/pass.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <deque>

using namespace lxcmon;
using namespace lxcmon::sample;
using std::chrono::milliseconds;

namespace {

constexpr std::int64_t second = 1'000'000'000;

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

void deaf_worker(int, HelperProgress&, const WorkerSettings&) {
    for (;;)
        ::pause();
}

struct Round {
    explicit Round(std::size_t containers, NamespaceHelper::Worker worker)
        : helper(deadline, {}, worker) {
        for (std::size_t at = 0; at < containers; ++at)
            watches.emplace_back("container c", at);
    }
    test::Child init{};
    NamespaceHelper helper;
    std::deque<ContainerFilesystems> watches{};
    FilesystemPass round{deadline};
    PointBuffer points{};
    std::int64_t tick_ns = 600 * second;

    void tick() {
        tick_ns += 10 * second;
        round.begin(tick_ns, tick_ns, std::chrono::hours(1));
        for (ContainerFilesystems& watch : watches)
            round.add({&watch, init.pid(), init.pidfd(), fields_of("lxc_fs"), {}});
        round.run(helper, true, points);
    }
    [[nodiscard]] std::size_t scanned_at(bool risky) const {
        return static_cast<std::size_t>(
            std::ranges::count_if(watches, [risky](const ContainerFilesystems& watch) {
                return watch.last_scan_ns(risky) != INT64_MIN;
            }));
    }
};

} // namespace

TEST_CASE("behind one that hangs nobody is looked at in the same tick") {
    const test::LogCapture log;
    Round c(12, &deaf_worker);
    for (const std::ptrdiff_t hung : {1, 2, 3}) {
        c.tick();
        CHECK(std::ranges::count_if(c.watches, &ContainerFilesystems::may_hang) == hung);
    }
}

TEST_CASE("many that are a little slow cost a tick one deadline, and the others have their turn later") {
    Round c(12, &slow_worker);
    c.tick();
    CHECK(c.scanned_at(false) <= 5);
    CHECK(c.scanned_at(true) <= 5);
    for (int tick = 0; tick < 60 && c.scanned_at(true) < c.watches.size(); ++tick)
        c.tick();
    CHECK(c.scanned_at(false) == c.watches.size());
    CHECK(c.scanned_at(true) == c.watches.size());
}
