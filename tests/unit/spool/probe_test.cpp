// SPDX-License-Identifier: GPL-2.0-or-later
#include "spool/probe.hpp"

#include "support/temp_folder.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

using namespace lxcmon;
using lxcmon::Finding;
using spool::probe_spool;

TEST_CASE("an existing spool folder, and one that can be created") {
    const test::TempFolder folder;
    std::filesystem::create_directory(folder.path("spool"));
    CHECK(probe_spool(folder.path("spool")).ok);
    CHECK(probe_spool(folder.path("spool")).message.find("MiB free") != std::string::npos);
    const Finding to_be_made = probe_spool(folder.path("a"));
    CHECK(to_be_made.ok);
    CHECK(to_be_made.message.find("can be made in " + folder.path("").substr(0, 10)) != std::string::npos);
    const Finding missing = probe_spool(folder.path("a/b/c"));
    CHECK_FALSE(missing.ok);
    CHECK(missing.message == folder.path("a/b/c") + ": the folder " + folder.path("a") +
                                 " does not exist; correct --spool-dir, or make that folder");
    CHECK(std::filesystem::is_empty(folder.path("spool")));
    CHECK_FALSE(std::filesystem::exists(folder.path("a")));
}

TEST_CASE("folders that can't be a spool") {
    const test::TempFolder folder;
    const std::string file = folder.write("file", "x");
    CHECK_FALSE(probe_spool(file).ok);
    CHECK_FALSE(probe_spool(file + "/spool").ok);
    CHECK_FALSE(probe_spool("/proc/spool").ok); // where root may write, too
    // As another user: root may write everywhere.
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const bool dropped = ::geteuid() != 0 || ::setresuid(65534, 65534, 65534) == 0;
        const Finding unwritable = probe_spool("/usr/spool");
        ::_exit(dropped && !unwritable.ok && unwritable.message.starts_with("/usr can't be written") ? 0 : 1);
    }
    int status = -1;
    CHECK(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}
