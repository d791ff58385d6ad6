// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/fixture.hpp"
#include "support/temp_tree.hpp"

#include "sample/cgroup/directories.hpp"
#include "sample/process/list.hpp"

#include "io/kernel_file.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::sample;
using test::Fixture;
using test::TempTree;

namespace {

struct Listed {
    bool is_whole;
    std::vector<pid_t> pids;
};

Listed listed(int root_fd, const std::string& directory, const WalkBounds& bounds = {}) {
    std::vector<char> buffer(4096);
    std::vector<pid_t> pids{7, 8, 9}; // of another container
    const bool is_whole = list_processes(root_fd, directory.c_str(), bounds, buffer, pids);
    return {is_whole, pids};
}

std::vector<pid_t> from_1_to(pid_t last) {
    std::vector<pid_t> pids;
    for (pid_t pid = 1; pid <= last; ++pid)
        pids.push_back(pid);
    return pids;
}

} // namespace

TEST_CASE("the processes of a container's cgroup and of all cgroups below it are listed once each") {
    const TempTree tree;
    tree.write("c/cgroup.procs", "30\n10\n");
    tree.write("c/system.slice/cgroup.procs", "");
    tree.write("c/system.slice/a.service/cgroup.procs", "20\n10\n");
    tree.write("c/ns/lxc.payload.inner/init.scope/cgroup.procs", "5\n");
    tree.write("other/cgroup.procs", "99\n");
    std::filesystem::create_directory_symlink("../other", tree.path() / "c/link");
    CHECK(listed(tree.fd(), "c").pids == std::vector<pid_t>{5, 10, 20, 30});
    CHECK(listed(tree.fd(), "c").is_whole);
}

TEST_CASE("invalid pids and cgroups that can't be read are skipped") {
    const TempTree tree;
    tree.write("c/cgroup.procs", "0\n-4\nx\n12\n99999999999\n13"); // 13 may have been cut short
    std::filesystem::create_directories(tree.path() / "c/threaded/cgroup.procs");
    tree.write("c/other/cgroup.procs", "14\n");
    const auto [is_whole, pids] = listed(tree.fd(), "c");
    CHECK(pids == std::vector<pid_t>{12, 14});
    CHECK(is_whole);
    CHECK(listed(tree.fd(), "gone").pids.empty());
}

TEST_CASE("a tree of cgroups is walked within bounds") {
    const TempTree tree;
    std::string path = "c";
    for (pid_t pid = 1; pid <= 6; ++pid, path += "/d")
        tree.write(path + "/cgroup.procs", std::to_string(pid) + "\n");
    CHECK(listed(tree.fd(), "c", {5, 6, 6}).pids == from_1_to(6));
    CHECK(listed(tree.fd(), "c", {5, 6, 6}).is_whole);
    SUBCASE("of depth") {
        CHECK(listed(tree.fd(), "c", {3, 100, 100}).pids == from_1_to(4));
        CHECK_FALSE(listed(tree.fd(), "c", {3, 100, 100}).is_whole);
    }
    SUBCASE("of cgroups") {
        CHECK(listed(tree.fd(), "c", {100, 5, 100}).pids == from_1_to(5));
        CHECK_FALSE(listed(tree.fd(), "c", {100, 5, 100}).is_whole);
    }
    SUBCASE("of processes") {
        CHECK(listed(tree.fd(), "c", {100, 100, 2}).pids == from_1_to(2));
        CHECK_FALSE(listed(tree.fd(), "c", {100, 100, 2}).is_whole);
    }
}

TEST_CASE("if cgroup.procs is longer than the buffer, the list is incomplete") {
    const TempTree tree;
    std::string text;
    for (int pid = 10'000; pid < 11'000; ++pid)
        text += std::to_string(pid) + "\n";
    tree.write("c/cgroup.procs", text);
    CHECK_FALSE(listed(tree.fd(), "c").is_whole);
}

TEST_CASE("each captured host has a hierarchy with all processes of its containers") {
    for (const std::string name : {"v1", "v2", "hybrid"}) {
        CAPTURE(name);
        const Fixture fixture(name);
        const CgroupLayout layout(fixture.text("proc/self/mountinfo"));
        for (const test::CapturedContainer& each : fixture.containers()) {
            const std::string container = each.name;
            CAPTURE(container);
            const auto directories = container_directories(
                layout, fixture.text("proc/" + each.init_pid + "/cgroup"), each.name, "");
            const auto hierarchy = process_hierarchy(layout, directories);
            REQUIRE(hierarchy);
            CHECK(layout.hierarchies()[*hierarchy].unified == (name == "v2"));
            const auto pids = listed(fixture.root_fd(), *directories[*hierarchy]).pids;
            CHECK(std::ranges::count(pids, std::stoi(each.init_pid)) == 1);
            CHECK(pids.size() >= 2);
        }
    }
}

TEST_CASE("a container without a cgroup has no hierarchy") {
    const CgroupLayout layout("25 1 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    CHECK_FALSE(process_hierarchy(layout, {std::nullopt}));
    CHECK(process_hierarchy(layout, {"sys/fs/cgroup/c"}) == 0);
}
