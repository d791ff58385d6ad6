// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/fixture.hpp"

#include "sample/cgroup/directories.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

using namespace lxcmon::sample;
using lxcmon::test::Fixture;

namespace {

struct RootCase {
    std::string init_cgroup, name, configured;
    std::optional<std::string> root;
};

const std::vector<RootCase> root_cases{
    {"/lxc.payload.web", "web", "", "/lxc.payload.web"},
    {"/lxc.payload.web-1", "web", "", "/lxc.payload.web-1"},
    {"/lxc.payload.web-12", "web", "", "/lxc.payload.web-12"},
    {"/lxc.payload.web/init.scope", "web", "", "/lxc.payload.web"},
    {"/lxc.payload.web-1/init.scope", "web", "", "/lxc.payload.web-1"},
    {"/lxc.payload.web/.lxc", "web", "", "/lxc.payload.web"},
    {"/lxc.payload.web/system.slice/a.service", "web", "", "/lxc.payload.web"},
    // LXC in a container: the host's container is the outer cgroup.
    {"/lxc.payload.outer/lxc.payload.inside", "outer", "", "/lxc.payload.outer"},
    {"/lxc.payload.outer/lxc.payload.inside", "inside", "", "/lxc.payload.outer/lxc.payload.inside"},
    {"/lxc.payload.web/lxc.payload.web", "web", "", "/lxc.payload.web"},
    // Below the cgroup in which the agent or liblxc was started.
    {"/system.slice/lxc.payload.web", "web", "", "/system.slice/lxc.payload.web"},
    {"/user.slice/user-0.slice/lxc.payload.web/init.scope", "web", "",
     "/user.slice/user-0.slice/lxc.payload.web"},
    {"/../lxc.payload.web", "web", "", "/../lxc.payload.web"},
    // lxc.cgroup.dir.container, as Proxmox VE sets it.
    {"/lxc/101/ns", "101", "lxc/101", "/lxc/101"},
    {"/lxc/101/ns/init.scope", "101", "lxc/101", "/lxc/101"},
    {"/lxc/101", "101", "/lxc/101/", "/lxc/101"},
    {"/lxc/101/ns/lxc/101", "101", "lxc/101", "/lxc/101"},
    {"/pool/a", "web", "pool/a", "/pool/a"},
    {"/pool/ab/pool/a/x", "web", "pool/a", "/pool/ab/pool/a"},
    {"/pool/ab", "web", "pool/a", std::nullopt},
    {"/spool/a", "web", "pool/a", std::nullopt},
    // The setting was changed after the start.
    {"/lxc.payload.web/init.scope", "web", "pool/a", "/lxc.payload.web"},
    // LXC before 4.
    {"/lxc/web", "web", "", "/lxc/web"},
    {"/lxc/web-2/init.scope", "web", "", "/lxc/web-2"},
    {"/machine/lxc/web", "web", "", "/machine/lxc/web"},
    // Names with a common prefix.
    {"/lxc.payload.web1", "web", "", std::nullopt},
    {"/lxc.payload.web", "web1", "", std::nullopt},
    {"/lxc.payload.web-1", "web-1", "", "/lxc.payload.web-1"},
    {"/lxc.payload.web-1-1", "web-1", "", "/lxc.payload.web-1-1"},
    {"/lxc.payload.web-1x", "web", "", std::nullopt},
    {"/lxc.payload.web-", "web", "", std::nullopt},
    {"/lxc.payload.web-x", "web", "", std::nullopt},
    {"/lxc.payload.web.1", "web", "", std::nullopt},
    {"/lxc/web1", "web", "", std::nullopt},
    {"/lxc/101/ns", "10", "", std::nullopt},
    // No cgroup of this container: values there would be of other processes.
    {"/user.slice/user-1000.slice/session-3.scope", "web", "", std::nullopt},
    {"/lxc.monitor.web", "web", "", std::nullopt},
    {"/web", "web", "", std::nullopt},
    {"/system.slice/web", "web", "", std::nullopt},
    {"/lxcfs/web", "web", "", std::nullopt},
    {"/xlxc.payload.web", "web", "", std::nullopt},
    {"/lxc.payload.", "web", "", std::nullopt},
    {"/", "web", "", std::nullopt},
    {"", "web", "", std::nullopt},
};

CgroupLayout layout_of(const Fixture& fixture) {
    return CgroupLayout(fixture.text("proc/self/mountinfo"));
}

std::vector<std::optional<std::string>> directories_of(const Fixture& fixture, const std::string& name) {
    const std::string path = "proc/" + fixture.container(name).init_pid + "/cgroup";
    return container_directories(layout_of(fixture), fixture.text(path), name, "");
}

} // namespace

TEST_CASE("the container's root within its init's cgroup") {
    for (const RootCase& each : root_cases) {
        CAPTURE(each.init_cgroup);
        CAPTURE(each.name);
        CAPTURE(each.configured);
        CHECK(container_root(each.init_cgroup, each.name, each.configured) == each.root);
    }
}

TEST_CASE("every captured container has its own directory on v2") {
    const Fixture fixture("v2");
    for (const auto& each : fixture.containers()) {
        CAPTURE(each.name);
        const auto directories = directories_of(fixture, each.name);
        REQUIRE(directories.size() == 1);
        CHECK(directories[0] == "sys/fs/cgroup/lxc.payload." + each.name);
    }
}

TEST_CASE("v1 and hybrid: every hierarchy gives the container's root, wherever init is below it") {
    for (const std::string name : {"v1", "hybrid"}) {
        CAPTURE(name);
        const Fixture fixture(name);
        const CgroupLayout layout = layout_of(fixture);
        // systemd is in init.scope in some hierarchies and not in others.
        const auto directories = directories_of(fixture, "sysd");
        REQUIRE(directories.size() == layout.hierarchies().size());
        for (std::size_t index = 0; index < directories.size(); ++index)
            CHECK(directories[index] == layout.hierarchies()[index].mount_point + "/lxc.payload.sysd");
    }
}

TEST_CASE("a 0:: line counts only if cgroup2 is mounted, and only for v2") {
    const Fixture v1("v1");
    const auto directories = container_directories(layout_of(v1), "0::/lxc.payload.a\n", "a", "");
    REQUIRE_FALSE(directories.empty());
    for (const auto& each : directories)
        CHECK_FALSE(each);

    const Fixture v2("v2");
    CHECK(container_directories(layout_of(v2), "0::/lxc.payload.a\n", "a", "")[0] ==
          "sys/fs/cgroup/lxc.payload.a");
    // Without a controller, a number other than 0 is no v2 line.
    CHECK_FALSE(container_directories(layout_of(v2), "3::/lxc.payload.a\n", "a", "")[0]);
}

TEST_CASE("hierarchies without a cgroup of the container have no directory") {
    const CgroupLayout layout("1 0 0:1 / /cg/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
                              "2 0 0:2 / /cg/memory rw - cgroup cgroup rw,memory\n"
                              "3 0 0:3 / /cg/pids rw - cgroup cgroup rw,pids\n");
    const auto directories = container_directories(
        layout, "9:rdma:/lxc.payload.a\n4:cpu,cpuacct:/lxc.payload.a\n3:memory:/\n2:pids:/lxc.payload.a", "a",
        "");
    REQUIRE(directories.size() == 3);
    CHECK(directories[0] == "cg/cpu/lxc.payload.a");
    CHECK_FALSE(directories[1]);
    CHECK_FALSE(directories[2]); // incomplete line: the path may be longer
}

TEST_CASE("an agent in a container sees the containers below its own cgroup") {
    const CgroupLayout layout("1 0 0:1 /lxc.payload.agent /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    const std::string inner = "0::/lxc.payload.agent/lxc.payload.in/init.scope\n";
    CHECK(container_directories(layout, inner, "in", "")[0] == "sys/fs/cgroup/lxc.payload.in");
    CHECK_FALSE(container_directories(layout, "0::/lxc.payload.in\n", "in", "")[0]);
}
