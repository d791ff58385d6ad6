// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/foreign_rights.hpp"

#include "support/temp_folder.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>

using namespace lxcmon;
using lxcmon::test::TempFolder;
using lxcmon::text::foreign_link;
using lxcmon::text::foreign_rights;

namespace {

constexpr uid_t stranger = 4711;

std::string rights(uid_t user, gid_t group, mode_t mode) {
    struct stat status {};
    status.st_uid = user;
    status.st_gid = group;
    status.st_mode = mode;
    return foreign_rights(status, 1234);
}

std::string link_to(const TempFolder& folder, const std::string& target, const char* name) {
    std::filesystem::create_symlink(target, folder.path(name));
    return folder.path(name);
}

} // namespace

TEST_CASE("only root, this process's user and a friend may own or write") {
    const std::string writable = "may be written by other users";
    CHECK(rights(stranger, 0, 0700) == "belongs to the user 4711");
    for (const uid_t own : {uid_t{0}, ::geteuid(), uid_t{1234}}) {
        CHECK(rights(own, stranger, 0755).empty());
        CHECK(rights(own, 0, 0775).empty());
        CHECK(rights(own, ::getegid(), 0775).empty());
        CHECK(rights(own, stranger, 0775) == writable);
        CHECK(rights(own, 0, 0757) == writable);
    }
}

TEST_CASE("own links are no fault, nor what does not exist") {
    const TempFolder folder;
    std::filesystem::create_directory(folder.path("real"));
    CHECK(foreign_link(folder.path("real")).empty());
    CHECK(foreign_link(link_to(folder, "real", "link")).empty());
    CHECK(foreign_link(folder.path("link/a/b")).empty());
    CHECK(foreign_link(link_to(folder, "loop", "loop")).empty());
    for (const char* path : {"/", "", "relative", "//tmp//"})
        CHECK(foreign_link(path).empty());
}

TEST_CASE("a link in a folder that others may write is a fault, except if that is sticky") {
    const TempFolder folder;
    const std::string link = link_to(folder, "/nowhere", "link");
    REQUIRE(::chmod(folder.path("").c_str(), 0777) == 0);
    const std::string fault = link + " is a symbolic link in a folder that may be written by other users";
    CHECK(foreign_link(link) == fault);
    CHECK(foreign_link(link + "/a/b/") == fault);
    REQUIRE(::chmod(folder.path("").c_str(), 01777) == 0);
    CHECK(foreign_link(link).empty());
}

TEST_CASE("another user's link is a fault, behind an own one, too" * doctest::test_suite("needs root")) {
    const TempFolder folder;
    const std::string link = link_to(folder, "/nowhere", "link");
    REQUIRE(::lchown(link.c_str(), stranger, 0) == 0);
    const std::string fault = link + " is a symbolic link that belongs to the user 4711";
    CHECK(foreign_link(link) == fault);
    CHECK(foreign_link(link + "/a") == fault);
    CHECK(foreign_link(link_to(folder, link + "/x", "own")) == fault);
    CHECK(foreign_link(link_to(folder, "link", "relative")) == fault);
    REQUIRE(::lchown(link.c_str(), 0, 0) == 0);
    REQUIRE(::chown(folder.path("").c_str(), stranger, 0) == 0);
    REQUIRE(::chmod(folder.path("").c_str(), 01777) == 0); // its owner may replace the link all the same
    CHECK(foreign_link(link) == link + " is a symbolic link in a folder that belongs to the user 4711");
}
