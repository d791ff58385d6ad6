// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/fixture.hpp"

#include "sample/cgroup/layout.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>

using lxcmon::sample::CgroupLayout;
using lxcmon::sample::Hierarchy;
using lxcmon::test::Fixture;

namespace {

CgroupLayout layout_of(const std::string& fixture) {
    return CgroupLayout(Fixture(fixture).text("proc/self/mountinfo"));
}

/// The controllers of all v1 hierarchies.
std::multiset<std::string> controllers_of(const CgroupLayout& layout) {
    std::multiset<std::string> all;
    for (const Hierarchy& each : layout.hierarchies())
        all.insert(each.controllers.begin(), each.controllers.end());
    return all;
}

const std::multiset<std::string> debian_controllers{"blkio",    "cpu",        "cpuacct", "cpuset", "devices",
                                                    "freezer",  "hugetlb",    "misc",    "memory", "net_cls",
                                                    "net_prio", "perf_event", "pids",    "rdma"};

} // namespace

TEST_CASE("a v2 host has one hierarchy") {
    const CgroupLayout layout = layout_of("v2");
    CHECK(layout.describe() == "v2");
    REQUIRE(layout.hierarchies().size() == 1);
    CHECK(layout.find_v2() == 0);
    CHECK(layout.hierarchies()[0].mount_point == "sys/fs/cgroup");
    CHECK(layout.hierarchies()[0].root == "/");
    CHECK(layout.hierarchies()[0].controllers.empty());
    CHECK_FALSE(layout.find_v1("memory"));
    CHECK_FALSE(layout.find_v1(""));
}

TEST_CASE("a v1 host has one hierarchy per controller or pair") {
    const CgroupLayout layout = layout_of("v1");
    CHECK(layout.describe() == "v1");
    CHECK_FALSE(layout.find_v2());
    auto expected = debian_controllers;
    expected.insert("name=systemd");
    CHECK(controllers_of(layout) == expected); // without xattr and release_agent=
    REQUIRE(layout.find_v1("cpu"));
    CHECK(layout.find_v1("cpu") == layout.find_v1("cpuacct"));
    CHECK(layout.hierarchies()[*layout.find_v1("cpuacct")].mount_point == "sys/fs/cgroup/cpu,cpuacct");
    REQUIRE(layout.find_v1("memory"));
    CHECK(layout.hierarchies()[*layout.find_v1("memory")].mount_point == "sys/fs/cgroup/memory");
    REQUIRE(layout.find_v1("name=systemd"));
    CHECK(layout.hierarchies()[*layout.find_v1("name=systemd")].mount_point == "sys/fs/cgroup/systemd");
    CHECK_FALSE(layout.find_v1("systemd"));
    CHECK_FALSE(layout.find_v1("mem"));
}

TEST_CASE("a hybrid host has v1 controllers and a v2 hierarchy without controllers") {
    const CgroupLayout layout = layout_of("hybrid");
    CHECK(layout.describe() == "hybrid");
    REQUIRE(layout.find_v2());
    CHECK(layout.hierarchies()[*layout.find_v2()].mount_point == "sys/fs/cgroup/unified");
    auto expected = debian_controllers;
    expected.insert("name=systemd");
    CHECK(controllers_of(layout) == expected);
}

TEST_CASE("no cgroup mount, or a v1 mount without a controller, is no layout") {
    CHECK(CgroupLayout("").describe() == "none");
    CHECK(CgroupLayout("25 1 254:0 / / rw - ext4 /dev/vda rw\n").describe() == "none");
    CHECK(CgroupLayout("32 31 0:27 / /cg rw - cgroup cgroup rw,name=systemd\n").describe() == "none");
    // The last line is incomplete.
    CHECK(CgroupLayout("31 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw").describe() == "none");
    CHECK(CgroupLayout("cgroup2\n - cgroup2\n\n31 24 0:26 / \n").describe() == "none");
}

TEST_CASE("a v2 hierarchy beside systemd's named v1 hierarchy is v2") {
    const CgroupLayout layout("31 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
                              "32 31 0:27 / /cg rw - cgroup cgroup rw,xattr,name=systemd\n");
    CHECK(layout.describe() == "v2");
}

TEST_CASE("escapes and optional fields of mountinfo") {
    const CgroupLayout layout(
        "31 24 0:26 / /mnt/my\\040groups\\134x rw shared:1 master:2 - cgroup2 none rw\n"
        "32 31 0:27 / /cg\\011a rw - cgroup cgroup rw,release_agent=/a\\040b,clone_children,pids\n");
    REQUIRE(layout.hierarchies().size() == 2);
    CHECK(layout.hierarchies()[0].mount_point == "mnt/my groups\\x");
    CHECK(layout.hierarchies()[1].mount_point == "cg\ta");
    CHECK(layout.hierarchies()[1].controllers == std::vector<std::string>{"pids"});
}

TEST_CASE("a mount point is relative, whatever slashes it begins with") {
    for (const std::string place : {"/cgroup", "//cgroup", "cgroup"}) {
        const CgroupLayout layout("31 24 0:26 / " + place + " rw - cgroup2 cgroup2 rw\n");
        REQUIRE(layout.hierarchies().size() == 1);
        CHECK(layout.hierarchies()[0].mount_point == "cgroup");
    }
    CHECK(CgroupLayout::directory({true, {}, "", "/"}, "//a") == "a");
}

TEST_CASE("a hierarchy mounted twice counts once: the mount of its root") {
    const std::string part = "40 31 0:33 /lxc.payload.x /part rw - cgroup cgroup rw,memory\n";
    const std::string whole = "41 31 0:33 / /whole rw - cgroup cgroup rw,memory\n";
    const std::string again = "42 31 0:33 / /again rw - cgroup cgroup rw,memory\n";
    const std::map<std::string, std::string> place_by_text{
        {part + whole, "whole"}, {whole + part, "whole"}, {part + whole + again, "whole"}, {part, "part"}};
    for (const auto& each : place_by_text) {
        const auto& text = each.first;
        const auto& place = each.second;
        CAPTURE(text);
        const CgroupLayout layout(text);
        REQUIRE(layout.hierarchies().size() == 1);
        CHECK(layout.hierarchies()[0].mount_point == place);
        CHECK(layout.hierarchies()[0].root == (place == "part" ? "/lxc.payload.x" : "/"));
    }
}

TEST_CASE("v2 mounted twice counts once") {
    const CgroupLayout layout("50 31 0:26 /a /part rw - cgroup2 cgroup2 rw\n"
                              "51 31 0:26 / /whole rw - cgroup2 cgroup2 rw\n");
    REQUIRE(layout.hierarchies().size() == 1);
    CHECK(layout.hierarchies()[0].mount_point == "whole");
}

TEST_CASE("a cgroup's directory below the mount") {
    const Hierarchy whole{true, {}, "sys/fs/cgroup", "/"};
    CHECK(CgroupLayout::directory(whole, "/a/b") == "sys/fs/cgroup/a/b");
    const Hierarchy at_root{true, {}, "", "/"};
    CHECK(CgroupLayout::directory(at_root, "/a/b") == "a/b"); // relative to the root descriptor

    // An agent in a container sees only the cgroups below its own.
    const Hierarchy part{true, {}, "sys/fs/cgroup", "/lxc.payload.agent"};
    CHECK(CgroupLayout::directory(part, "/lxc.payload.agent/lxc.payload.in") ==
          "sys/fs/cgroup/lxc.payload.in");
    CHECK(CgroupLayout::directory(part, "/lxc.payload.agent") == "sys/fs/cgroup");
    CHECK_FALSE(CgroupLayout::directory(part, "/lxc.payload.agent2"));
    CHECK_FALSE(CgroupLayout::directory(part, "/lxc.payload.other"));
    CHECK_FALSE(CgroupLayout::directory(part, "/"));
}
