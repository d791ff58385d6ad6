// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/mountinfo.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace lxcmon::io;

namespace {

std::vector<Mount> mounts_of(std::string_view text) {
    std::vector<Mount> mounts;
    for_each_mount(text, [&](const Mount& mount) { mounts.push_back(mount); });
    return mounts;
}

} // namespace

TEST_CASE("a line of mountinfo, without and with optional fields") {
    const auto mounts = mounts_of("36 35 98:0 /mnt1 /mnt2 rw,noatime - ext3 /dev/root rw,errors=continue\n"
                                  "37 36 0:25 / /sys/fs/cgroup ro shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
                                  "38 36 0:26 / /x rw shared:1 master:2 propagate_from:3 - tmpfs none rw\n");
    REQUIRE(mounts.size() == 3);
    CHECK(mounts[0].device_number == "98:0");
    CHECK(mounts[0].root == "/mnt1");
    CHECK(mounts[0].mount_point == "/mnt2");
    CHECK(mounts[0].filesystem_type == "ext3");
    CHECK(mounts[0].source == "/dev/root");
    CHECK(mounts[0].super_options == "rw,errors=continue");
    CHECK(mounts[1].mount_point == "/sys/fs/cgroup");
    CHECK(mounts[1].filesystem_type == "cgroup2");
    CHECK(mounts[1].super_options == "rw,nsdelegate");
    CHECK(mounts[2].filesystem_type == "tmpfs");
    CHECK(mounts[2].source == "none");
}

TEST_CASE("octal escapes of mountinfo are decoded") {
    const auto mounts = mounts_of(R"(1 2 0:1 /a\040b /c\011d\134e\012f rw - fuse.a\040b my\040disk\043 rw)"
                                  "\n");
    REQUIRE(mounts.size() == 1);
    CHECK(mounts[0].root == "/a b");
    CHECK(mounts[0].mount_point == "/c\td\\e\nf");
    CHECK(mounts[0].filesystem_type == "fuse.a b");
    CHECK(mounts[0].source == "my disk#");
}

TEST_CASE("a backslash without three octal digits stays") {
    const auto mounts = mounts_of(R"(1 2 0:1 /\9 /a\04 rw - tmpfs x\ rw)"
                                  "\n"
                                  R"(1 2 0:1 / /a\048\1340 rw - tmpfs \ rw)"
                                  "\n");
    REQUIRE(mounts.size() == 2);
    CHECK(mounts[0].root == R"(/\9)");
    CHECK(mounts[0].mount_point == R"(/a\04)");
    CHECK(mounts[0].source == R"(x\)");
    CHECK(mounts[1].mount_point == R"(/a\048\0)");
}

TEST_CASE("a mount with an empty source") {
    const auto mounts = mounts_of("1 2 0:1 / /mnt rw - tmpfs  rw,size=1k\n");
    REQUIRE(mounts.size() == 1);
    CHECK(mounts[0].source.empty());
    CHECK(mounts[0].super_options == "rw,size=1k");
}

TEST_CASE("malformed lines are skipped") {
    const auto mounts = mounts_of("\n"
                                  "rubbish\n"
                                  "1 2 0:1 / /no_separator rw shared:1 tmpfs none rw\n"
                                  "1 2 0:1 / /nothing_behind rw -\n"
                                  "1 2 0:1 / /nothing_behind rw - \n"
                                  "- - - - - - - - -\n"
                                  "     \n"
                                  "3 2 0:2 / /good rw - tmpfs none rw\n"
                                  "4 2 0:3 / /cut rw - tmpfs none rw");
    std::vector<std::string> points;
    for (const Mount& mount : mounts)
        points.push_back(mount.mount_point);
    CHECK(points == std::vector<std::string>{"-", "/good"});
}

TEST_CASE("mounts come in the kernel's order") {
    const auto mounts = mounts_of("1 2 0:1 / /a rw - tmpfs first rw\n1 2 0:2 / /a rw - tmpfs second rw\n");
    REQUIRE(mounts.size() == 2);
    CHECK(mounts[0].source == "first");
    CHECK(mounts[1].source == "second");
}
