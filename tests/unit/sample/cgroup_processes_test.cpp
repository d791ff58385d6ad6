#include "sample/cgroup_processes.hpp"

#include "support/temp_tree.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>

using namespace lxcmon::sample;
using lxcmon::test::TempTree;

namespace {

CgroupProcesses list(const TempTree& tree, std::size_t most = 100) {
    CgroupProcesses found;
    list_processes(tree.fd(), "cg", most, found);
    std::ranges::sort(found.pids);
    return found;
}

} // namespace

TEST_CASE("the processes of a cgroup and of all below it") {
    const TempTree tree;
    tree.write("cg/cgroup.procs", "10\n11\n");
    tree.write("cg/.lxc/cgroup.procs", "12\n");
    tree.write("cg/system.slice/a.service/cgroup.procs", "13\n14\n");
    tree.write("other/cgroup.procs", "99\n");
    const CgroupProcesses found = list(tree);
    CHECK(found.pids == std::vector<pid_t>{10, 11, 12, 13, 14});
    CHECK_FALSE(found.is_cut);
}

TEST_CASE("what is no process of ours is passed over") {
    const TempTree tree;
    tree.write("cg/cgroup.procs", "0\n7\n-1\nx\n99999999999\n12");
    CHECK(list(tree).pids == std::vector<pid_t>{7});
}

TEST_CASE("a cgroup that is gone has none; nothing outside is looked at") {
    const TempTree tree;
    CHECK(list(tree).pids.empty());
    tree.write("cg/cgroup.procs", "5\n");
    tree.write("outside/cgroup.procs", "6\n");
    std::filesystem::create_directory_symlink("../outside", tree.path() / "cg/link");
    CHECK(list(tree).pids == std::vector<pid_t>{5});
}

TEST_CASE("bounds: processes, depth and number of cgroups") {
    const TempTree tree;
    tree.write("cg/cgroup.procs", "1\n2\n3\n");
    CHECK(list(tree, 3).pids.size() == 3);
    CHECK_FALSE(list(tree, 3).is_cut);
    CHECK(list(tree, 2).pids.size() == 2);
    CHECK(list(tree, 2).is_cut);

    std::string deep = "cg";
    for (int depth = 0; depth < 20; ++depth)
        deep += "/d";
    tree.write(deep + "/cgroup.procs", "4\n");
    CHECK(list(tree).pids == std::vector<pid_t>{1, 2, 3});
    CHECK(list(tree).is_cut);
    tree.remove("cg/d");

    for (int number = 0; number < 1100; ++number)
        std::filesystem::create_directory(tree.path() / ("cg/" + std::to_string(number)));
    CHECK(list(tree).pids.size() == 3);
    CHECK(list(tree).is_cut);
}
