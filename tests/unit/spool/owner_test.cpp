// SPDX-License-Identifier: GPL-2.0-or-later
#include "spool/owner.hpp"
#include "support/log_capture.hpp"
#include "unit/spool/spool_support.hpp"

#include <sys/stat.h>

using namespace lxcmon;
using namespace lxcmon::spool;
using namespace lxcmon::test;

namespace {

constexpr const char* url = "http://a.example:8086";

struct OwnerFile : SpoolTest {
    OwnerFile() {
        settings.owner = url;
        std::filesystem::create_directories(settings.folder);
    }

    /// Opens the spool, and expects the owner's file in good order.
    void check_replaced() const {
        LogCapture log;
        Spool spool(settings, hooks);
        REQUIRE_FALSE(spool.open());
        CHECK(log.take().empty());
        CHECK(std::filesystem::symlink_status(path("owner")).type() == std::filesystem::file_type::regular);
        CHECK(mode_of(path("owner")) == 0600);
        CHECK(content("owner") == std::string(url) + "\n");
        CHECK_FALSE(std::filesystem::exists(path("owner.tmp")));
        CHECK(read_owner(settings.folder) == url);
    }
};

} // namespace

TEST_CASE_FIXTURE(OwnerFile, "spool owner: the file is made, kept and changed") {
    const mode_t before = ::umask(0);
    check_replaced();
    ::umask(before);
    const auto inode = status_of(path("owner")).st_ino;
    check_replaced();
    CHECK(status_of(path("owner")).st_ino == inode);
    write("owner", "http://b.example:8086\n");
    CHECK(read_owner(settings.folder) == "http://b.example:8086");
    check_replaced();
}

TEST_CASE_FIXTURE(OwnerFile, "spool owner: a spool without one makes no file") {
    settings.owner.clear();
    Spool spool(settings, hooks);
    REQUIRE_FALSE(spool.open());
    CHECK(names().empty());
    CHECK(read_owner(settings.folder).empty());
    CHECK(read_owner(settings.folder + "/none").empty());
}

TEST_CASE_FIXTURE(OwnerFile, "spool owner: a FIFO is neither read nor written to") {
    REQUIRE(::mkfifo(path("owner").c_str(), 0600) == 0);
    CHECK(read_owner(settings.folder).empty());
    check_replaced();
}

TEST_CASE_FIXTURE(OwnerFile, "spool owner: a link is not followed") {
    const std::string other = folder.path("other");
    std::ofstream(other) << "http://b.example:8086\n";
    REQUIRE(::chmod(other.c_str(), 0644) == 0);
    SUBCASE("symbolic") {
        std::filesystem::create_symlink(other, path("owner"));
        CHECK(read_owner(settings.folder).empty());
    }
    SUBCASE("symbolic, under the temporary name") {
        std::filesystem::create_symlink(other, path("owner.tmp"));
    }
    SUBCASE("hard") {
        std::filesystem::create_hard_link(other, path("owner"));
    }
    SUBCASE("hard, under the temporary name") {
        std::filesystem::create_hard_link(other, path("owner.tmp"));
    }
    check_replaced();
    std::ostringstream text;
    text << std::ifstream(other).rdbuf();
    CHECK(text.str() == "http://b.example:8086\n");
    CHECK(mode_of(other) == 0644);
}

TEST_CASE_FIXTURE(OwnerFile, "spool owner: of a file above 64 KiB nothing is read") {
    write("owner", std::string(url) + "\n");
    std::filesystem::resize_file(path("owner"), 64U << 10U);
    CHECK(read_owner(settings.folder) == url);
    std::filesystem::resize_file(path("owner"), 3ULL << 30U);
    CHECK(read_owner(settings.folder).empty());
    check_replaced();
}

TEST_CASE_FIXTURE(OwnerFile, "spool owner: a folder in its place is logged, and the spool goes on") {
    std::filesystem::create_directory(path("owner"));
    LogCapture log;
    Spool spool(settings, hooks);
    REQUIRE_FALSE(spool.open());
    CHECK(log.take().find("/owner: writing it: Is a directory") != std::string::npos);
    append(spool, numbered_batch(1, 1));
    CHECK(drain(spool) == numbered_lines(1, 1));
    CHECK(names() == Names{"owner"});
}
