// SPDX-License-Identifier: GPL-2.0-or-later
#include "expose/place.hpp"

#include "expose/address.hpp"
#include "expose/metrics_file.hpp"
#include "support/fixture.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <string>

using namespace lxcmon;
using namespace lxcmon::expose;
using lxcmon::test::TempFolder;

namespace {

constexpr uid_t tenant = 4711;

std::string made(const TempFolder& folder, const char* name, uid_t owner) {
    const std::string path = folder.path(name);
    REQUIRE(::mkdir(path.c_str(), 0755) == 0);
    REQUIRE(::chown(path.c_str(), owner, owner) == 0);
    return path;
}

bool is_same(const Place& place, const std::string& folder) {
    struct stat here {};
    struct stat there {};
    return place.folder && ::fstat(place.folder.get(), &here) == 0 && ::stat(folder.c_str(), &there) == 0 &&
           here.st_ino == there.st_ino && here.st_dev == there.st_dev;
}

std::string write_to(const std::string& path, const std::string& text) {
    FileVersion version;
    return replace_file(path, text, version);
}

/// A process of another user that exchanges a folder of its own and a link, again and again.
class Swapper {
  public:
    Swapper(const std::string& first, const std::string& second)
        : pid_(::fork()) {
        if (pid_ != 0)
            return;
        if (::setgid(tenant) != 0 || ::setuid(tenant) != 0)
            ::_exit(1);
        for (;;) {
            ::renameat2(AT_FDCWD, first.c_str(), AT_FDCWD, second.c_str(), RENAME_EXCHANGE);
            ::usleep(20); // leaves the other a core
        }
    }
    ~Swapper() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    Swapper(const Swapper&) = delete;
    Swapper& operator=(const Swapper&) = delete;
    Swapper(Swapper&&) = delete;
    Swapper& operator=(Swapper&&) = delete;

  private:
    pid_t pid_;
};

} // namespace

TEST_CASE("a folder is found by every form of its path") {
    const TempFolder folder;
    const std::string sub = folder.path("sub");
    REQUIRE(::mkdir(sub.c_str(), 0755) == 0);
    REQUIRE(::symlink("sub", folder.path("relative").c_str()) == 0);
    REQUIRE(::symlink((folder.path("relative") + "/").c_str(), folder.path("absolute").c_str()) == 0);
    for (const char* way : {"sub/x", "sub//x", "./sub/../sub/./x", "relative/x", "absolute/x"}) {
        CAPTURE(std::string(way));
        const Place place(folder.path(way), Strangers::refused);
        CHECK(place.wrong.empty());
        CHECK(place.name == "x");
        CHECK(is_same(place, sub));
    }
    CHECK(is_same(Place("x", Strangers::allowed), "."));
    CHECK(is_same(Place("/x", Strangers::refused), "/"));
    CHECK(Place(folder.path("none/x"), Strangers::allowed).error == ENOENT);
    folder.write("file", "");
    CHECK(Place(folder.path("file/x"), Strangers::allowed).error == ENOTDIR);
    REQUIRE(::symlink("loop", folder.path("loop").c_str()) == 0);
    CHECK(Place(folder.path("loop/x"), Strangers::allowed).error == ELOOP);
}

TEST_SUITE_BEGIN("needs root");

TEST_CASE("a socket is not made below a folder of another user") {
    const TempFolder folder;
    const std::string home = made(folder, "home", tenant);
    const std::string own = made(folder, "home/own", 0);
    CHECK_THROWS_WITH_AS(static_cast<void>(listen_at(own + "/m.sock")),
                         doctest::Contains((home + " belongs to the user 4711; expected a folder").c_str()),
                         std::runtime_error);
    REQUIRE(::chown(home.c_str(), 0, 0) == 0);
    REQUIRE(::chmod(home.c_str(), 0777) == 0);
    CHECK_THROWS_WITH_AS(static_cast<void>(listen_at(own + "/m.sock")),
                         doctest::Contains((home + " may be written by other users").c_str()),
                         std::runtime_error);
    REQUIRE(::chmod(home.c_str(), 01777) == 0); // as /tmp: nobody else can rename a folder of root's
    CHECK(listen_at(own + "/m.sock"));
}

TEST_CASE("root's link to a folder is followed, another user's is not, nor one that can be exchanged") {
    const TempFolder folder;
    const std::string real = made(folder, "real", 0);
    const std::string link = folder.path("link");
    REQUIRE(::symlink("real", link.c_str()) == 0);
    CHECK(listen_at(link + "/m.sock"));
    CHECK(write_to(link + "/x.prom", "a 1\n") == "");
    REQUIRE(::lchown(link.c_str(), tenant, tenant) == 0);
    CHECK(write_to(link + "/x.prom", "a 2\n") ==
          link + "/x.prom: " + link +
              " is a symbolic link that belongs to the user 4711; expected a path that no other user can "
              "change");
    const std::string home = made(folder, "home", tenant);
    const std::string below = home + "/link";
    REQUIRE(::symlink("../real", below.c_str()) == 0); // root's, in a folder of another user
    CHECK(write_to(below + "/x.prom", "a 2\n") ==
          below + "/x.prom: " + below + " is a symbolic link below " + home +
              ", which belongs to the user 4711; expected a path that no other user can change");
    CHECK(test::text_of_file(real + "/x.prom") == "a 1\n");
}

TEST_CASE("root's folder below one of another user takes the file, as Debian's of node_exporter does") {
    const TempFolder folder;
    static_cast<void>(made(folder, "prometheus", tenant));
    const std::string path = made(folder, "prometheus/node-exporter", 0) + "/x.prom";
    CHECK(MetricsFile::probe(path).ok);
    CHECK(write_to(path, "a 1\n") == "");
    CHECK(test::text_of_file(path) == "a 1\n");
}

TEST_CASE("a folder that becomes a link in the wrong moment leads nowhere") {
    const TempFolder folder;
    const std::string victim = made(folder, "victim", 0);
    const std::string home = made(folder, "home", tenant);
    const std::string place = made(folder, "home/place", tenant);
    const std::string link = home + "/link";
    REQUIRE(::symlink(victim.c_str(), link.c_str()) == 0);
    REQUIRE(::lchown(link.c_str(), tenant, tenant) == 0);
    const std::string file = folder.write("victim/x.prom", "untouched");
    const Swapper swapper(place, link);
    for (int tries = 0; tries < 1000; ++tries)
        static_cast<void>(write_to(place + "/x.prom", "a 1\n"));
    CHECK(test::text_of_file(file) == "untouched");
}

TEST_SUITE_END();
