// SPDX-License-Identifier: GPL-2.0-or-later
// A folder that other users own or may write is no spool: they could add, change and remove points.
#include "spool/folder.hpp"

#include "spool/probe.hpp"
#include "spool/quarantine.hpp"
#include "unit/spool/spool_support.hpp"

#include <unistd.h>

using namespace lxcmon;
using namespace lxcmon::spool;
using namespace lxcmon::test;

namespace {

/// In each way in which a spool is used.
void check_refused(const std::string& path, const std::string& wanted) {
    CAPTURE(path);
    CHECK(why_unsafe(path).find(wanted) != std::string::npos);
    CHECK(Folder(path).open().value_or("").find(wanted) != std::string::npos);
    CHECK(Quarantine(path).append({"m f=1 1\n", 1, 400, "", "", 0}).value_or("").find(wanted) !=
          std::string::npos);
    CHECK_FALSE(probe_spool(path).ok);
    CHECK(probe_spool(path).message.find(wanted) != std::string::npos);
    CHECK(std::filesystem::is_empty(path));
}

} // namespace

TEST_CASE_FIXTURE(SpoolTest, "spool folder: one that other users may write is refused, with the remedy") {
    const std::string path = settings.folder;
    std::filesystem::create_directory(path);
    REQUIRE(::chmod(path.c_str(), 0777) == 0);
    check_refused(path, path + " may be written by other users, and so may have false points");
    CHECK(why_unsafe(path).ends_with(path + " && chmod go-w " + path));
    REQUIRE(::chmod(path.c_str(), 0755) == 0);
    CHECK(why_unsafe(path).empty());
    CHECK_FALSE(Folder(path).open());
}

TEST_CASE_FIXTURE(SpoolTest, "spool folder: a link that other users could replace is refused") {
    std::filesystem::create_directories(folder.path("open/real"));
    std::filesystem::create_directory_symlink("real", folder.path("open/link"));
    CHECK(why_unsafe(folder.path("open/link")).empty());
    REQUIRE(::chmod(folder.path("open").c_str(), 0777) == 0);
    check_refused(folder.path("open/link"),
                  "link is a symbolic link in a folder that may be written by other users");
    CHECK(why_unsafe(folder.path("open/real")).empty());
}

TEST_CASE_FIXTURE(SpoolTest, "spool folder: another user's folder or link is refused" *
                                 doctest::test_suite("needs root")) {
    const std::string path = settings.folder;
    std::filesystem::create_directory(path);
    std::filesystem::create_directory_symlink(path, folder.path("link"));
    REQUIRE(::lchown(folder.path("link").c_str(), 4711, 0) == 0);
    check_refused(folder.path("link"), "link is a symbolic link that belongs to the user 4711");
    CHECK(why_unsafe(path).empty());
    REQUIRE(::chown(path.c_str(), 4711, 0) == 0);
    check_refused(path, path + " belongs to the user 4711");
    CHECK(why_unsafe(path).ends_with("run: chown root:root " + path + " && chmod go-w " + path));
}
