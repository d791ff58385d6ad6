// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/child.hpp"
#include "support/encoded.hpp"
#include "support/log_capture.hpp"
#include "support/rtnl_hold.hpp"
#include "support/veth.hpp"

#include "sample/network/link_lister.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::sample;
using test::Child;
using test::count_of;
using test::RtnlHold;

// Real network namespaces and the kernel's real lock: these tests need root.
namespace {

constexpr std::chrono::seconds plenty{20};
constexpr std::chrono::milliseconds short_wait{50};

/// Ticks of a LinkLister with these containers.
struct ListerTicks {
    ListerTicks(LinkLister::Host host, std::chrono::nanoseconds wait)
        : lister(std::make_unique<LinkLister>(host, wait)) {}

    void tick(const std::vector<const Child*>& containers) {
        lister->begin();
        host_ids.resize(containers.size());
        numbers.clear();
        for (std::size_t at = 0; at < containers.size(); ++at)
            numbers.push_back(lister->add(containers[at]->pid(), containers[at]->pidfd(), host_ids[at]));
        lister->start();
        lister->finish();
    }
    const ContainerLinks& links_of(std::size_t at) { return lister->links_of(numbers[at], host_ids[at]); }
    /// Ticks until the lists come in time.
    bool comes_again(const std::vector<const Child*>& containers) {
        const auto end = std::chrono::steady_clock::now() + plenty;
        do
            tick(containers);
        while ((!lister->host_error() || (!containers.empty() && links_of(0).left_out)) &&
               std::chrono::steady_clock::now() < end);
        return lister->host_error() == 0;
    }

    std::unique_ptr<LinkLister> lister;
    std::vector<HostId> host_ids;
    std::vector<std::size_t> numbers;
};

/// Runs `test` in a network namespace of its own, with a loopback.
void in_quiet_namespace(const std::function<void()>& test) {
    std::thread([&] {
        REQUIRE(::unshare(CLONE_NEWNET) == 0);
        REQUIRE(test::set_link_up("lo"));
        test();
    }).join();
}

} // namespace

TEST_CASE("if the thread can't be started the lists are left out, and the next tick tries again") {
    test::LogCapture log;
    pthread_attr_t usual{};
    pthread_attr_t huge{};
    REQUIRE(::pthread_getattr_default_np(&usual) == 0);
    REQUIRE(::pthread_getattr_default_np(&huge) == 0);
    REQUIRE(::pthread_attr_setstacksize(&huge, std::size_t{1} << 50U) == 0); // more than there are addresses
    ListerTicks ticks(LinkLister::Host::names, plenty);
    REQUIRE(::pthread_setattr_default_np(&huge) == 0);
    for (int round = 0; round < 3; ++round) {
        ticks.tick({});
        CHECK_FALSE(ticks.lister->host_error());
        CHECK(ticks.lister->host_links().own().empty());
    }
    REQUIRE(::pthread_setattr_default_np(&usual) == 0);
    CHECK(count_of(log.take(), "warning the thread that lists interfaces can't be started") == 1);
    ticks.tick({});
    CHECK(ticks.lister->host_error() == 0);
    CHECK(log.take().empty());
}

TEST_SUITE_BEGIN("needs root");

TEST_CASE("the interfaces of the host and of the containers, in the order of add()") {
    in_quiet_namespace([] {
        test::LogCapture log;
        const io::UniqueFd here(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
        const Child one(CLONE_NEWNET);
        const Child two(CLONE_NEWNET, [&] { return test::make_veth("eth0", "outside", here.get()); });
        const Child sharing;
        Child ended(CLONE_NEWNET);
        ended.end();
        ListerTicks ticks(LinkLister::Host::names_and_counters, plenty);
        for (int round = 0; round < 3; ++round) {
            ticks.tick({&one, &two, &sharing, &ended});
            REQUIRE(ticks.lister->host_error() == 0);
            REQUIRE(ticks.lister->host_links().own().size() == 1);
            CHECK(ticks.links_of(0).count == 1);
            CHECK(ticks.links_of(1).count == 2);
            const std::uint32_t outside = ticks.links_of(1).links[1].host_index;
            CHECK(ticks.lister->host_links().name(outside) == "outside");
            CHECK(ticks.host_ids[1].id >= 0);
            CHECK(ticks.links_of(2).shares_host_network);
            CHECK(ticks.links_of(3).error == ESRCH);
        }
        ticks.tick({&two}); // another container has the first place
        CHECK(ticks.links_of(0).count == 2);
        CHECK(log.take().empty());
    });
}

TEST_CASE("without the host, and without containers") {
    ListerTicks none(LinkLister::Host::none, plenty);
    none.tick({});
    CHECK_FALSE(none.lister->host_error());
    const Child one(CLONE_NEWNET);
    none.tick({&one});
    CHECK_FALSE(none.lister->host_error());
    CHECK(none.links_of(0).count == 1);
}

TEST_CASE("containers that are not listed in time are left out; that is logged once") {
    test::LogCapture log;
    const Child one(CLONE_NEWNET);
    ListerTicks ticks(LinkLister::Host::none, std::chrono::nanoseconds(0));
    for (int round = 0; round < 3; ++round) {
        ticks.tick({&one});
        CHECK(ticks.links_of(0).left_out);
        CHECK(ticks.links_of(0).count == 0);
    }
    CHECK(count_of(log.take(), "warning the kernel has not listed the interfaces within 0 ms") == 1);
}

TEST_CASE("while the kernel holds its lock ticks go on, and a late list belongs to no tick") {
    in_quiet_namespace([] {
        test::LogCapture log;
        const Child one(CLONE_NEWNET);
        ListerTicks ticks(LinkLister::Host::names_and_counters, short_wait);
        REQUIRE(ticks.comes_again({&one}));
        const std::uint64_t before = ticks.lister->host_links().own()[0].rx_bytes;
        static_cast<void>(log.take());
        RtnlHold hold;
        for (int round = 0; round < 3; ++round) { // would not return before release()
            ticks.tick({&one});
            CHECK_FALSE(ticks.lister->host_error());
            CHECK(ticks.lister->host_links().own().empty());
            CHECK(ticks.links_of(0).left_out);
        }
        CHECK(count_of(log.take(), "the kernel has not listed the interfaces within 50 ms") == 1);
        hold.release();
        REQUIRE(test::send_frame("lo", 100));
        REQUIRE(ticks.comes_again({&one}));
        CHECK(ticks.lister->host_links().own()[0].rx_bytes > before);
        CHECK(ticks.links_of(0).count == 1);
        CHECK(count_of(log.take(), "info the kernel lists the interfaces in time again") == 1);
    });
}

TEST_CASE("the end does not wait for a thread that waits for the kernel's lock") {
    in_quiet_namespace([] {
        const test::LogCapture log;
        // The names alone are not listed again while no interface changes.
        ListerTicks ticks(LinkLister::Host::names_and_counters, short_wait);
        REQUIRE(ticks.comes_again({}));
        RtnlHold hold;
        ticks.tick({});
        REQUIRE_FALSE(ticks.lister->host_error()); // the thread waits
        ticks.lister.reset();                      // would not return before release()
        hold.release();
    });
}

TEST_SUITE_END();
