// SPDX-License-Identifier: GPL-2.0-or-later
// Other programs' files in the folder of the spool.
#include "spool/quarantine.hpp"
#include "support/log_capture.hpp"
#include "unit/spool/spool_support.hpp"

#include <fcntl.h>
#include <sys/stat.h>

using namespace lxcmon;
using namespace lxcmon::spool;
using namespace lxcmon::test;

namespace {

/// Names that differ a little from the spool's own, and names that earlier versions made of other files.
const Names foreign_names{"000000000001.jsonl.2.bad",
                          "000000000001.jsonl~",
                          "000000000002-03.jsonl.gz",
                          "0000000000042.jsonl.bad",
                          "7.jsonl",
                          "7.jsonl.gz.tmp",
                          "notes.txt",
                          "notes.txt.bad",
                          "owner~",
                          "passwd",
                          "rejected.jsonl.2",
                          std::string(255, 'x')};

struct Foreign : SpoolTest {
    void write_old(const std::string& name) const {
        write(name, "of another program: " + name);
        const std::array<timespec, 2> old{timespec{1'000'000, 0}, timespec{1'000'000, 0}};
        REQUIRE(::utimensat(AT_FDCWD, path(name).c_str(), old.data(), 0) == 0);
    }

    /// The file is as write_old() made it.
    [[nodiscard]] bool is_old(const std::string& name) const {
        struct stat status {};
        return ::lstat(path(name).c_str(), &status) == 0 && status.st_mtim.tv_sec == 1'000'000 &&
               content(name) == "of another program: " + name;
    }
};

} // namespace

TEST_CASE_FIXTURE(Foreign, "spool: files of other programs stay, whatever their age and size") {
    for (const std::string& name : foreign_names)
        write_old(name);
    settings.max_bytes = 2000; // less than these files have
    LogCapture log;
    Spool spool(settings, hooks);
    REQUIRE_FALSE(spool.open());
    CHECK(log.take() == "warning spool: " + settings.folder +
                            ": 12 files that are not the spool's are left alone, such as "
                            "000000000001.jsonl.2.bad; expected a folder of its own (--spool-dir)\n");
    append(spool, numbered_batch(1, 2));
    CHECK(content("000000000001.jsonl") == numbered_json(1, 2)); // their numbers do not count
    spool.tidy();
    CHECK(spool.dropped_lines() == 0); // nor do their bytes
    CHECK(drain(spool) == numbered_lines(1, 2));
    CHECK(names() == foreign_names);
    for (const std::string& name : foreign_names)
        CHECK_MESSAGE(is_old(name), name);
    CHECK(log.take().empty());
}

TEST_CASE_FIXTURE(Foreign, "spool: a folder, link, FIFO or socket with the name of a segment is no segment") {
    write_old("other");
    std::filesystem::create_directory(path("000000000004.jsonl"));
    std::filesystem::create_symlink(path("other"), path("000000000001.jsonl"));
    std::filesystem::create_symlink(path("other"), path("000000000002.jsonl.bad"));
    std::filesystem::create_symlink(path("other"), path("000000000003.jsonl.gz.tmp"));
    REQUIRE(::mkfifo(path("000000000003-1.jsonl.gz").c_str(), 0600) == 0);
    REQUIRE(::mknod(path("000000000002.jsonl").c_str(), S_IFSOCK | 0600, 0) == 0);
    const Names before = names();
    LogCapture log;
    Spool spool(settings, hooks);
    REQUIRE_FALSE(spool.open());
    CHECK(log.take().find(": 6 files that are not the spool's are left alone, such as 000000000001.jsonl;") !=
          std::string::npos);
    append(spool, numbered_batch(5, 1));
    CHECK(content("000000000005.jsonl") == numbered_json(5, 1)); // an unused number
    CHECK(drain(spool) == numbered_lines(5, 1));
    spool.tidy();
    CHECK(names() == before);
    CHECK(is_old("other"));
}

TEST_CASE_FIXTURE(Foreign, "spool: a hard link with a name of the spool's is replaced, not written to") {
    write_old("other");
    const auto link = [&](const std::string& name) {
        std::filesystem::create_hard_link(path("other"), path(name));
    };
    write("000000000001.jsonl", "damage\n" + numbered_json(1, 2));
    LogCapture log;
    Spool spool(settings, hooks);
    REQUIRE_FALSE(spool.open());
    link("000000000001.jsonl.bad"); // another user is quick
    link("000000000002.jsonl.gz.tmp");
    CHECK(drain(spool) == numbered_lines(1, 2));
    CHECK(content("000000000001.jsonl.bad") == "damage\n");
    const Entry first = append(spool, numbered_batch(3, 2));
    CHECK(first.segment == 2);
    append(spool, numbered_batch(5, 2));
    spool.cancel(first);
    spool.finish(nullptr); // gzips it
    CHECK(unpacked(path("000000000002-2.jsonl.gz")) == numbered_json(5, 2));
    CHECK(is_old("other"));
    link("rejected.jsonl");
    Quarantine quarantine(settings.folder);
    const auto wrong = quarantine.append({"m f=1 1\n", 1, 400, "no", "http://h:8086", now});
    CHECK(wrong.value_or("") == path("rejected.jsonl") + ": not a regular file with one name; remove it");
    CHECK(is_old("other"));
}

TEST_CASE_FIXTURE(Foreign, "spool: a segment that is a hard link is delivered, and only its name goes") {
    write("other", numbered_json(1, 2));
    std::filesystem::create_hard_link(path("other"), path("000000000001.jsonl"));
    const LogCapture log;
    Spool spool(settings, hooks);
    REQUIRE_FALSE(spool.open());
    CHECK(drain(spool) == numbered_lines(1, 2));
    CHECK(names() == Names{"other"});
    CHECK(content("other") == numbered_json(1, 2));
}

TEST_CASE_FIXTURE(Foreign, "spool: folders with segments are found without following links") {
    for (const char* name : {"b", "a", "bad", "fifo"})
        std::filesystem::create_directories(path(name));
    write("a/000000000001.jsonl", "x");
    write("b/000000000001-1.jsonl.gz", "x");
    write("bad/000000000001.jsonl.bad", "x");
    write("bad/rejected.jsonl", "x");
    std::filesystem::create_symlink(path("a"), path("link"));
    REQUIRE(::mkfifo(path("fifo/7").c_str(), 0600) == 0);
    REQUIRE(::mkfifo(path("pipe").c_str(), 0600) == 0);
    CHECK(folders_with_segments(settings.folder) == Names{"a", "b"});
    CHECK(folders_with_segments(settings.folder + "/pipe").empty());
    CHECK(folders_with_segments(settings.folder + "/none").empty());
}
