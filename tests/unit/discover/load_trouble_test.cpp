// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/temp_tree.hpp"

#include "discover/load_trouble.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <string>

using namespace lxcmon::discover;
using lxcmon::test::TempTree;

namespace {

std::string trouble_with(const TempTree& tree, const std::string& config) {
    tree.write("web/config", config);
    return load_trouble(tree.path(), "web");
}

} // namespace

TEST_CASE("a container that can't be loaded is explained") {
    const TempTree tree;
    const std::string path = tree.path().string();
    CHECK(
        trouble_with(tree, "lxc.uts.name = web\n lxc.include=" + path + "/none \n")
            .starts_with("it includes '" + path + "/none', which can't be read: No such file or directory"));
    CHECK(
        trouble_with(tree, "lxc.include = " + path + "/none") // without a line's end
            .starts_with("it includes '" + path + "/none', which can't be read: No such file or directory"));
    CHECK(trouble_with(tree, "lxc.log.file = " + path + "\n")
              .starts_with("its lxc.log.file is '" + path + "', which can't be opened: Is a directory"));
    // A user's process tells it of a user's container.
    const std::string as_user = ::geteuid() == 0 ? "" : " (as that user, never as root)";
    CHECK(trouble_with(tree, "lxc.nonsense = 1\n") ==
          "its configuration or an include has an unknown key or a bad value; the line is named by" +
              as_user + ": lxc-info -P " + path + " -n web -o /dev/stderr -l ERROR");
}

TEST_CASE("a container's name in a command for a person's shell is one word") {
    const TempTree tree;
    tree.write("a;b 'c/config", "lxc.nonsense = 1\n");
    const std::string trouble = load_trouble(tree.path(), "a;b 'c");
    CHECK(trouble.ends_with(R"( -n 'a;b '\''c' -o /dev/stderr -l ERROR)"));
}
