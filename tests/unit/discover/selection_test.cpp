// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/temp_tree.hpp"

#include "discover/managers/lxd_names.hpp"
#include "discover/names/selection.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

using lxcmon::discover::add_lxd_names;
using lxcmon::discover::DiscoverSettings;
using lxcmon::discover::is_selected;
using lxcmon::discover::lxd_instance_name;
using lxcmon::test::TempTree;

namespace {

bool selected(const std::string& name, std::vector<std::string> include, std::vector<std::string> exclude) {
    return is_selected(name, {}, DiscoverSettings{{}, std::move(include), std::move(exclude)});
}

std::vector<std::string> lxd_names(const std::string& lxcpath) {
    std::vector<std::string> names;
    add_lxd_names(lxcpath, names);
    std::ranges::sort(names);
    return names;
}

} // namespace

TEST_CASE("include and exclude are globs on the name") {
    CHECK(selected("web1", {}, {}));
    CHECK(selected("web1", {"web1"}, {}));
    CHECK(selected("web1", {"db*", "web?"}, {}));
    CHECK(selected("web1", {"[a-w]eb[0-9]"}, {}));
    CHECK_FALSE(selected("web1", {"web"}, {}));
    CHECK_FALSE(selected("web1", {"WEB1"}, {}));
    CHECK_FALSE(selected("web1", {"db*"}, {}));
    CHECK_FALSE(selected("web1", {""}, {}));
    CHECK(selected("a.b-c", {"*"}, {}));
}

TEST_CASE("exclude overrides include") {
    CHECK_FALSE(selected("web1", {}, {"web*"}));
    CHECK_FALSE(selected("web1", {"web1"}, {"web1"}));
    CHECK_FALSE(selected("web1", {"*"}, {"db*", "*1"}));
    CHECK(selected("web1", {"*"}, {"*2"}));
    CHECK(selected("web1", {}, {"web"}));
}

TEST_CASE("the globs hold for the host name of Proxmox VE, too") {
    const auto is_wanted = [](const std::string& pve_name, const DiscoverSettings& settings) {
        return is_selected("101", pve_name, settings);
    };
    CHECK(is_wanted("web1", {{}, {"web*"}, {}}));
    CHECK(is_wanted("web1", {{}, {"101"}, {}}));
    CHECK_FALSE(is_wanted("", {{}, {"web*"}, {}}));
    CHECK_FALSE(is_wanted("", {{}, {""}, {}}));
    CHECK_FALSE(is_wanted("web1", {{}, {}, {"web*"}}));
    CHECK_FALSE(is_wanted("web1", {{}, {"101"}, {"web1"}}));
    CHECK_FALSE(is_wanted("web1", {{}, {"web1"}, {"101"}}));
    CHECK(is_wanted("", {{}, {}, {"web*"}}));
}

TEST_CASE("containers of LXD are the folders and links of its lxcpath") {
    const TempTree tree;
    std::filesystem::create_directories(tree.path() / "containers/web");
    std::filesystem::create_directories(tree.path() / "containers/.hidden");
    std::filesystem::create_directory_symlink("/somewhere", tree.path() / "containers/project_db");
    const std::string lxcpath = tree.path() / "containers";
    CHECK(lxd_names(lxcpath).empty()); // not of LXD: no folder `database`
    tree.write("database", "a file");
    CHECK(lxd_names(lxcpath).empty());
    tree.remove("database");
    std::filesystem::create_directory(tree.path() / "database");
    CHECK(lxd_names(lxcpath) == std::vector<std::string>{"project_db", "web"});
    CHECK(lxd_names(lxcpath + "/") == std::vector<std::string>{"project_db", "web"});

    std::vector<std::string> names{"already"};
    add_lxd_names(lxcpath, names);
    CHECK(names.size() == 3);
    CHECK(names.front() == "already");
}

TEST_CASE("a missing lxcpath of LXD has no names") {
    const TempTree tree;
    std::filesystem::create_directory(tree.path() / "database");
    CHECK(lxd_names(tree.path() / "containers").empty());
    tree.write("containers", "a file");
    CHECK(lxd_names(tree.path() / "containers").empty());
}

TEST_CASE("lxd_instance_name removes the project, only in an lxcpath of LXD") {
    const TempTree tree;
    const std::string lxcpath = tree.path() / "containers";
    std::filesystem::create_directory(lxcpath);
    CHECK(lxd_instance_name(lxcpath, "p1_web").empty());
    std::filesystem::create_directory(tree.path() / "database");
    CHECK(lxd_instance_name(lxcpath, "p1_web") == "web");
    CHECK(lxd_instance_name(lxcpath, "my-project_web-1") == "web-1");
    CHECK(lxd_instance_name(lxcpath, "web") == "web");
}
