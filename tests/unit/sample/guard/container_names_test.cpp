// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/guard/container_names.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

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
    CHECK(by_bytes.size() == 2);
    by_bytes.put({"/lxc", "3"}, with_interface("a"), 4);
    CHECK(by_bytes.size() == 2);
    CHECK_FALSE(by_bytes.take({"/lxc", "1"}, 5)->interfaces.holds("six6by"));
    CHECK(by_bytes.take({"/lxc", "2"}, 5)->interfaces.holds("four"));
    by_bytes.put({"/lxc", "4"}, with_interface("five5"), 6);
    CHECK(by_bytes.size() == 2);
}
