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
    const std::string cure =
        "; the agent makes no file: make it as that user (touch), or remove lxc.log.file";
    CHECK(trouble_with(tree, "lxc.log.file = " + path + "\n") ==
          "its lxc.log.file is '" + path + "', which can't be opened: Is a directory");
    CHECK(trouble_with(tree, "lxc.log.file = " + path + "/log\nlxc.include = " + path + "/none\n") ==
          "its lxc.log.file is '" + path + "/log', which can't be opened: No such file or directory" + cure);
    CHECK(trouble_with(tree, "lxc.include = " + path + "/a\x1b[m\n")
              .starts_with("it includes '" + path + "/a_[m'"));
    CHECK(load_trouble(path, "none") ==
          "its configuration is '" + path + "/none/config', which can't be read: No such file or directory");
    // A user's process tells it of a user's container.
    const std::string as_user = ::geteuid() == 0 ? "" : " (as that user, never as root)";
    CHECK(trouble_with(tree, "lxc.nonsense = 1\n") ==
          "its configuration or an include has an unknown key or a bad value; the line is named by" +
              as_user + ": lxc-info -P " + path + " -n web -l ERROR");
}

TEST_CASE("a long configuration is looked at") {
    const TempTree tree;
    const std::string path = tree.path().string();
    const std::string comments = "#" + std::string(100'000, 'x') + "\n";
    CHECK(trouble_with(tree, comments + "lxc.include = " + path + "/none\n")
              .starts_with("it includes '" + path + "/none'"));
}

TEST_CASE("a container whose files can be opened has a wrong line") {
    const TempTree tree;
    tree.write("included", "");
    tree.write("log", "");
    const std::string path = tree.path().string();
    for (const std::string& line : {"lxc.include = " + path + "/included", "lxc.log.file = " + path + "/log",
                                    "#lxc.include = " + path + "/none", "lxc.includes = " + path + "/none"})
        CHECK(trouble_with(tree, line + "\n")
                  .starts_with("its configuration or an include has an unknown key"));
}

TEST_CASE("a container's name in a command for a person's shell is one word") {
    const TempTree tree;
    tree.write("a;b 'c/config", "lxc.nonsense = 1\n");
    const std::string trouble = load_trouble(tree.path(), "a;b 'c");
    CHECK(trouble.ends_with(R"( -n 'a;b '\''c' -l ERROR)"));
}
