// SPDX-License-Identifier: GPL-2.0-or-later
#include "spool/disk_syncer.hpp"

#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <cerrno>

using namespace lxcmon;
using spool::DiskSyncer;

TEST_CASE("files and folders are synced in the background, also after the caller has closed them") {
    const test::TempFolder folder;
    DiskSyncer syncer;
    {
        const io::UniqueFd file(::open(folder.write("file", "x").c_str(), O_RDONLY | O_CLOEXEC));
        CHECK(syncer.later(file.get()) == 0);
        const io::UniqueFd here(::open(folder.path("").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        CHECK(syncer.later(here.get()) == 0);
    }
    syncer.wait();
    CHECK_FALSE(syncer.is_busy());
    CHECK(syncer.busy_for() == std::chrono::steady_clock::duration(0));
}

TEST_CASE("a failed sync is returned once, by the next request") {
    const test::TempFolder folder;
    const io::UniqueFd file(::open(folder.write("file", "x").c_str(), O_RDONLY | O_CLOEXEC));
    DiskSyncer syncer;
    CHECK(syncer.later(folder.fd()) == 0); // opened with O_PATH: no fsync
    syncer.wait();
    CHECK(syncer.later(file.get()) == EBADF);
    syncer.wait();
    CHECK(syncer.later(file.get()) == 0);
    CHECK(syncer.later(-1) == EBADF);
}

TEST_CASE("the destructor waits for all requests") {
    const test::TempFolder folder;
    const io::UniqueFd file(::open(folder.write("file", "x").c_str(), O_RDONLY | O_CLOEXEC));
    for (int round = 0; round < 50; ++round) {
        DiskSyncer syncer;
        CHECK(syncer.later(file.get()) == 0);
    }
}
