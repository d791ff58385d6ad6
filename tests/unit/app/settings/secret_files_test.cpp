// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/settings/secret_files.hpp"

#include "support/temp_folder.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

using namespace lxcmon::app;
using lxcmon::test::TempFolder;

namespace {

/// A file in a folder that other users can enter.
class OpenFolder : public TempFolder {
  public:
    OpenFolder() { set("", 0755); }

    /// "" is the folder itself.
    void set(const std::string& name, unsigned mode, unsigned owner = 0, unsigned group = 0) const {
        REQUIRE(::chmod(path(name).c_str(), mode) == 0);
        if (::geteuid() == 0)
            REQUIRE(::chown(path(name).c_str(), owner, group) == 0);
    }
    [[nodiscard]] std::string readers(const std::string& name = "token") const {
        return find_readers(path(name)).value_or("none");
    }
};

} // namespace

TEST_CASE("a secret that all users can read is found, with the remedy") {
    const OpenFolder folder;
    folder.write("token", "s3cret\n");
    folder.set("token", 0644);
    CHECK(folder.readers() == "can be read by all users; run: chmod 600 " + folder.path("token"));
    for (const unsigned mode : {0600U, 0400U, 0640U, 0622U}) { // the group is root's or our own
        folder.set("token", mode);
        CHECK(folder.readers() == "none");
    }
    CHECK(folder.readers("absent") == "none");
    std::filesystem::create_symlink("token", folder.path("link"));
    folder.set("token", 0604);
    CHECK(folder.readers("link").ends_with("chmod 600 " + folder.path("token")));
}

TEST_CASE("a folder that other users can't pass protects its files") {
    const OpenFolder folder;
    std::filesystem::create_directory(folder.path("inner"));
    folder.write("inner/token", "s3cret\n");
    folder.set("inner/token", 0644);
    folder.set("inner", 0755);
    CHECK(folder.readers("inner/token") != "none");
    folder.set("inner", 0700);
    CHECK(folder.readers("inner/token") == "none");
    folder.set("inner", 0755);
    folder.set("", 0750);
    CHECK(folder.readers("inner/token") == "none");
}

TEST_SUITE_BEGIN("needs root");

TEST_CASE("secrets: another user's file, a group's file, another user's folder") {
    const OpenFolder folder;
    folder.write("token", "s3cret\n");
    folder.set("token", 0600, 1234);
    CHECK(folder.readers() == "belongs to the user 1234; run: chown root " + folder.path("token") +
                                  " && chmod 600 " + folder.path("token"));
    folder.set("token", 0640, 0, 1234);
    CHECK(folder.readers() == "can be read by the group 1234; run: chmod 600 " + folder.path("token"));
    folder.set("", 0700, 1234); // its owner may change the mode
    CHECK(folder.readers() != "none");
    folder.set("", 0710, 0, 1234);
    CHECK(folder.readers() != "none");
    folder.set("", 0700);
    CHECK(folder.readers() == "none");
}

TEST_SUITE_END();
