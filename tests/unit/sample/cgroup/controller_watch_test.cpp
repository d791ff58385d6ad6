// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/encoded.hpp"
#include "support/machine.hpp"

#include "sample/cgroup/controller_watch.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <string>

using namespace lxcmon;
using namespace lxcmon::test;
using sample::ControllerWatch;

namespace {

const std::string cgroups = "sys/fs/cgroup/";
const std::string control = cgroups + "cgroup.subtree_control";

/// Replaces a file like the kernel does if a controller is removed and added: watches on the old file receive
/// no event.
void replace_file(const TempTree& tree, const std::string& path, const std::string& text) {
    std::filesystem::rename(tree.path() / path, tree.path() / (path + ".gone"));
    tree.write(path, text);
}

} // namespace

TEST_CASE("a change needs replaced control files and a write to cgroup.subtree_control") {
    TempTree tree;
    const std::string folder = cgroups + "lxc.payload.c";
    tree.write(control, "cpu\n");
    tree.write(folder + "/cpu.max", "max 100000\n");
    io::FileChanges changes;
    ControllerWatch watch(tree.fd(), folder, changes);
    const auto has_changed = [&] {
        changes.refresh();
        return watch.has_changed();
    };
    CHECK_FALSE(has_changed());
    tree.write(control, "cpu\n"); // the same content
    CHECK_FALSE(has_changed());
    tree.write(folder + "/memory.max", "max\n");
    tree.write(control, "cpu memory\n");
    CHECK(has_changed());
    ControllerWatch next(tree.fd(), folder, changes);
    replace_file(tree, folder + "/cpu.max", "max 100000\n");
    tree.write(control, "cpu memory\n");
    changes.refresh();
    CHECK(next.has_changed());
}

TEST_SUITE_BEGIN("needs root");

TEST_CASE("a limit that was removed with its controller is no longer sent") {
    Machine machine("v2");
    machine.tree().write(control, "cpu io memory pids\n");
    sample::SampleSettings settings = machine.settings();
    settings.fs_interval = std::chrono::hours(1);
    sample::Sampler sampler(settings);
    const auto lines = [&] {
        PointBuffer points;
        CHECK(sampler.sample({&machine.container()}, 7'000'000'000, points) == 0);
        return encoded(points);
    };
    const std::string folder = cgroups + "lxc.payload." + machine.container().name;
    machine.tree().write(folder + "/pids.max", "17\n");
    const std::string before = lines();
    CHECK(count_of(before, ",limit=17i") == 1);
    CHECK(count_of(before, "lxc_fs,") == 1);
    replace_file(machine.tree(), folder + "/pids.max", "max\n");
    machine.tree().write(control, "cpu io memory pids\n");
    const std::string after = lines();
    CHECK(count_of(after, ",limit=17i") == 0);
    CHECK(count_of(after, "lxc_fs,") == 0); // its schedule does not depend on controllers
}

TEST_SUITE_END();
