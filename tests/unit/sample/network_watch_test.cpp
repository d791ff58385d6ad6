#include "support/encoded.hpp"
#include "support/log_capture.hpp"

#include "sample/network_watch.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <string>

using namespace lxcmon;
using namespace lxcmon::sample;
using test::count_of;
using Outcome = NetworkWatch::Outcome;

namespace {

constexpr std::int64_t second = 1'000'000'000;

struct Watched {
    explicit Watched(NetworkWatch::Wanted wanted = {})
        : watch("c", wanted) {
        reply->links[reply->link_count++].link = {.name = {'e', 't', 'h', '0'}, .mtu = 1500};
        reply->processes = 3;
    }
    NetworkWatch watch;
    std::unique_ptr<NamespaceReply> reply = std::make_unique<NamespaceReply>();
    std::int64_t now_ns = 1000 * second;
    test::LogCapture log{};

    struct Taken {
        std::string lines;
        std::optional<std::int64_t> processes;
    };
    Taken take(Outcome outcome, Stage stage = Stage::unknown) {
        PointBuffer points;
        Readings readings;
        const HostLinks host_links;
        watch.take(outcome, *reply, {stage, 0, ""}, now_ns, {host_links, {}, 5, points, readings});
        return {test::encoded(points), readings.integer(field_id("lxc_pids", "processes"))};
    }
    NamespaceRequest request() const {
        NamespaceRequest request;
        watch.prepare(request, now_ns);
        return request;
    }
};

} // namespace

TEST_CASE("interfaces and processes") {
    Watched c;
    CHECK(c.request().look == Look::network);
    CHECK(c.request().want_links);
    CHECK(c.request().want_processes);
    const auto taken = c.take(Outcome::answered);
    CHECK(taken.lines == "lxc_net,interface=eth0 mtu=1500i,up=false 5\n");
    CHECK(taken.processes == 3);
    CHECK(c.watch.is_well());
}

TEST_CASE("what nobody wants is not asked") {
    CHECK_FALSE(Watched({false, false, true}).request().want_links);
    CHECK(Watched({false, false, true}).request().want_processes);
    CHECK_FALSE(Watched({true, false, false}).request().want_processes);
}

TEST_CASE("a /proc that hangs costs the number of processes, for 5 minutes, and no interface") {
    Watched c;
    c.reply->processes = -1; // as the helper got no further
    auto taken = c.take(Outcome::hung, Stage::processes);
    CHECK(count_of(taken.lines, "interface=eth0") == 1);
    CHECK_FALSE(taken.processes);
    CHECK(c.log.take() == "warning container c: reading what /proc says of its processes did not end in "
                          "time; their number is left out for 5 minutes\n");
    CHECK(c.watch.has_hung());
    CHECK_FALSE(c.watch.is_well());
    c.now_ns += 299 * second;
    CHECK_FALSE(c.request().want_processes);
    CHECK(c.request().want_links);
    taken = c.take(Outcome::answered);
    CHECK(count_of(taken.lines, "interface=eth0") == 1);
    CHECK(c.log.take().empty());

    c.now_ns += 2 * second;
    CHECK(c.request().want_processes);
    static_cast<void>(c.take(Outcome::hung, Stage::processes));
    CHECK(c.log.take().empty());
    c.reply->processes = 4;
    CHECK(c.take(Outcome::answered).processes == 4);
    CHECK(c.log.take() == "info container c: its processes can be counted again\n");
    CHECK(c.watch.is_well());
}

TEST_CASE("init's start is asked for until it is known, and not while reading it hangs") {
    CHECK_FALSE(Watched().request().want_start); // nobody wants it
    Watched c({true, false, false, true});
    CHECK(c.request().want_start);
    static_cast<void>(c.take(Outcome::hung, Stage::processes));
    CHECK_FALSE(c.request().want_start);
    CHECK_FALSE(c.watch.start_ticks());
    c.now_ns += 301 * second;
    CHECK(c.request().want_start);
    c.reply->start_ticks = 42;
    static_cast<void>(c.take(Outcome::answered));
    CHECK(c.watch.start_ticks() == 42);
    CHECK_FALSE(c.request().want_start);
}

TEST_CASE("a network of its own is one that was looked into and is not the host's") {
    Watched c;
    CHECK_FALSE(c.watch.has_own_network());
    static_cast<void>(c.take(Outcome::answered));
    CHECK(c.watch.has_own_network());
    static_cast<void>(c.take(Outcome::broken));
    CHECK_FALSE(c.watch.has_own_network());
    c.reply->link_count = 0;
    c.reply->shares_host_network = true;
    static_cast<void>(c.take(Outcome::answered));
    CHECK_FALSE(c.watch.has_own_network());
}

TEST_CASE("a /proc that hung and is none any more is no trouble") {
    Watched c;
    c.reply->processes = -1;
    static_cast<void>(c.take(Outcome::hung, Stage::processes));
    static_cast<void>(c.take(Outcome::answered)); // not asked
    CHECK_FALSE(c.watch.is_well());
    c.reply->processes_nsec = 1000;
    CHECK_FALSE(c.take(Outcome::answered).processes);
    CHECK(c.watch.is_well());
}

TEST_CASE("interfaces that can't be listed for a hang") {
    Watched c;
    c.reply->clear();
    CHECK(c.take(Outcome::hung, Stage::network).lines.empty());
    CHECK(count_of(c.log.take(), "container c: listing its interfaces did not end in time; lxc_net is left "
                                 "out this time") == 1);
    CHECK_FALSE(c.watch.is_well());
    CHECK(c.request().want_links);                  // another namespace's end may have held the kernel's lock
    CHECK(c.take(Outcome::answered).lines.empty()); // not asked, behind another one
    CHECK(c.take(Outcome::hung, Stage::network).lines.empty());
    CHECK(count_of(c.log.take(), "did not end in time again; lxc_net is left out for 5 minutes") == 1);
    CHECK_FALSE(c.request().want_links);
    CHECK(c.request().want_processes);
    c.now_ns += 301 * second;
    CHECK(c.request().want_links);
    c.reply->link_count = 1;
    CHECK(count_of(c.take(Outcome::answered).lines, "eth0") == 1);
    CHECK(c.log.take() == "info container c: its interfaces can be listed again\n");
}

TEST_CASE("interfaces that hung once, for a lock of the kernel's") {
    Watched c;
    for (int round = 0; round < 2; ++round) {
        static_cast<void>(c.take(Outcome::hung, Stage::network));
        CHECK(count_of(c.log.take(), "did not end in time; lxc_net is left out this time") == 1);
        CHECK(count_of(c.take(Outcome::answered).lines, "eth0") == 1);
        CHECK(c.log.take() == "info container c: its interfaces can be listed again\n");
        CHECK(c.watch.is_well());
    }
}

TEST_CASE("a helper that did not get to it is not the container's fault") {
    Watched c;
    for (int round = 0; round < 2; ++round) {
        CHECK(c.take(Outcome::hung).lines.empty());
        CHECK(count_of(c.log.take(), "container c: the helper process did not get to it in time") ==
              (round == 0 ? 1 : 0));
        CHECK(c.request().want_links);
        CHECK(c.request().want_processes);
        CHECK_FALSE(c.watch.is_well());
    }
    CHECK(count_of(c.take(Outcome::answered).lines, "eth0") == 1);
    CHECK(c.watch.is_well());
}

TEST_CASE("slow counting is named, and done once a minute") {
    Watched c;
    c.reply->processes_nsec = 200'000'000;
    CHECK(c.take(Outcome::answered).processes == 3);
    CHECK(count_of(c.log.take(), "container c: counting its processes in its /proc took 200 ms") == 1);
    CHECK_FALSE(c.request().want_processes);
    c.now_ns += 61 * second;
    CHECK(c.request().want_processes);
    CHECK(c.take(Outcome::answered).processes == 3);
    CHECK(c.log.take().empty());
}

TEST_CASE("a slow /proc that turns out to be none is asked seldom, too") {
    Watched c;
    c.reply->processes = -1;
    c.reply->processes_nsec = 1'900'000'000;
    CHECK_FALSE(c.take(Outcome::answered).processes);
    CHECK(count_of(c.log.take(), "container c: counting its processes in its /proc took 1900 ms") == 1);
    CHECK_FALSE(c.request().want_processes);
    c.now_ns += 61 * second;
    CHECK(c.request().want_processes);
}

TEST_CASE("faults are said when they begin, and when they begin again") {
    Watched c;
    c.reply->error = EPERM;
    for (int round = 0; round < 2; ++round) {
        CHECK(c.take(Outcome::answered).lines.empty());
        CHECK(count_of(c.log.take(), "can't be joined: Operation not permitted") == (round == 0 ? 1 : 0));
    }
    CHECK(c.take(Outcome::broken).lines.empty());
    CHECK(count_of(c.log.take(), "the helper process ended") == 1);
    c.reply->error = 0;
    CHECK(count_of(c.take(Outcome::answered).lines, "eth0") == 1);
    CHECK(c.watch.is_well());
    c.reply->network_error = ENOBUFS;
    static_cast<void>(c.take(Outcome::answered));
    CHECK(count_of(c.log.take(), "interfaces can't be listed: No buffer space available") == 1);
}

TEST_CASE("what is left out is said once") {
    Watched c;
    c.reply->shares_host_network = c.reply->has_more_links = true;
    for (int round = 0; round < 2; ++round) {
        static_cast<void>(c.take(Outcome::answered));
        const std::string said = c.log.take();
        CHECK(count_of(said, "it shares the host's network") == (round == 0 ? 1 : 0));
        CHECK(count_of(said, "more than 128 interfaces") == (round == 0 ? 1 : 0));
    }
    std::size_t sent = 0;
    for (int round = 0; round < 600; ++round) {
        const std::string name = "v" + std::to_string(round);
        c.reply->links[0].link.name = {};
        name.copy(c.reply->links[0].link.name.data(), name.size());
        sent += count_of(c.take(Outcome::answered).lines, "\n");
    }
    CHECK(sent == 511); // and eth0
    CHECK(count_of(c.log.take(), "more than 512 different interfaces") == 1);
}
