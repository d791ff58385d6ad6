// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/guard/container_names.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>

using namespace lxcmon::sample;

namespace {

constexpr std::int64_t day_ns = SeriesNames::day_ns;

std::unique_ptr<ContainerNames> with_interface(const std::string& name) {
    auto names = std::make_unique<ContainerNames>();
    names->interfaces.begin_scan(1);
    REQUIRE(names->interfaces.admit(name) == Admission::admitted);
    return names;
}

} // namespace

TEST_CASE("a container that comes back has its names") {
    GoneContainers gone;
    gone.put({"/lxc", "web"}, with_interface("eth0"), 5);
    CHECK_FALSE(gone.take({"/other", "web"}, 6)->interfaces.holds("eth0"));
    CHECK_FALSE(gone.take({"/lxc", "db"}, 6)->interfaces.holds("eth0"));
    CHECK(gone.take({"/lxc", "web"}, 6)->interfaces.holds("eth0"));
    CHECK(gone.size() == 0);
    CHECK_FALSE(gone.take({"/lxc", "web"}, 7)->interfaces.holds("eth0"));
}

TEST_CASE("the names of a container are forgotten a day after it has gone") {
    GoneContainers gone;
    gone.put({"/lxc", "web"}, with_interface("eth0"), 5);
    gone.put({"/lxc", "db"}, with_interface("eth0"), 6);
    CHECK(gone.take({"/lxc", "db"}, day_ns + 5)->interfaces.holds("eth0"));
    CHECK_FALSE(gone.take({"/lxc", "web"}, day_ns + 5)->interfaces.holds("eth0"));
}

TEST_CASE("a container that had no names takes no room") {
    GoneContainers gone;
    gone.put({"/lxc", "web"}, std::make_unique<ContainerNames>(), 5);
    CHECK(gone.size() == 0);
}

TEST_CASE("beyond the bounds the containers that went first are forgotten") {
    GoneContainers by_count({.containers = 2});
    for (int number = 1; number <= 4; ++number)
        by_count.put({"/lxc", std::to_string(number)}, with_interface("eth0"), number);
    CHECK(by_count.size() == 2);
    CHECK(by_count.take({"/lxc", "4"}, 9)->interfaces.holds("eth0"));
    CHECK_FALSE(by_count.take({"/lxc", "2"}, 9)->interfaces.holds("eth0"));

    GoneContainers by_bytes({.text_bytes = 10});
    by_bytes.put({"/lxc", "1"}, with_interface("six6by"), 1);
    by_bytes.put({"/lxc", "1"}, with_interface("six6by"), 2); // in its place
    by_bytes.put({"/lxc", "2"}, with_interface("four"), 3);
    by_bytes.put({"/lxc", "3"}, with_interface("a"), 4);
    CHECK_FALSE(by_bytes.take({"/lxc", "1"}, 5)->interfaces.holds("six6by"));
    CHECK(by_bytes.take({"/lxc", "2"}, 5)->interfaces.holds("four"));
    CHECK(by_bytes.take({"/lxc", "3"}, 5)->interfaces.holds("a"));
    by_bytes.put({"/lxc", "4"}, with_interface("five5five5"), 6);
    CHECK(by_bytes.take({"/lxc", "4"}, 7)->interfaces.holds("five5five5"));
}

TEST_CASE("long names do not take a container's limit of the day away") {
    GoneContainers gone({.text_bytes = 100});
    std::size_t admitted = 0;
    for (int time = 1; time <= 100; ++time) {
        auto names = gone.take({"/lxc", "web"}, time);
        if (time % 2 == 0) // in each other start there are no names
            for (int mount = 0; mount < 100; ++mount) {
                names->filesystems.begin_scan(time);
                const std::string name =
                    std::to_string(time) + std::string(1000, 'x') + std::to_string(mount);
                admitted += names->filesystems.admit(name) == Admission::admitted ? 1U : 0U;
            }
        gone.put({"/lxc", "web"}, std::move(names), time);
        CHECK(gone.size() == (time == 1 ? 0 : 1));
    }
    CHECK(admitted == SeriesNames::usual_most);
}
