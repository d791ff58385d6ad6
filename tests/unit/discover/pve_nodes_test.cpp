// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/temp_tree.hpp"

#include "discover/managers/pve_config.hpp"

#include <doctest/doctest.h>

#include <filesystem>

using lxcmon::discover::ManagerAnswer;
using lxcmon::discover::parse_pve_config;
using lxcmon::discover::read_pve_folder;
using lxcmon::test::TempTree;

TEST_CASE("read_pve_folder lists the containers of other nodes") {
    const TempTree tree;
    tree.write("nodes/pve1/lxc/101.conf", "");
    tree.write("nodes/pve2/lxc/102.conf", "hostname: not-read\n");
    tree.write("nodes/pve2/qemu-server/103.conf", "");
    tree.write("nodes/pve3/lxc/104.conf.tmp.1", "");
    tree.write("nodes/gone/priv", "");
    tree.write("nodes/file", "");
    std::filesystem::create_symlink("nodes/pve1/lxc", tree.path() / "lxc");
    ManagerAnswer answer;
    CHECK(read_pve_folder(tree.path() / "lxc", {}, answer) == 0);
    CHECK(answer == ManagerAnswer{{{"101", parse_pve_config("")}}, {{"102", "pve2"}}});
}
