// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/log_capture.hpp"
#include "unit/deliver/csv_case.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::deliver;
using lxcmon::test::LogCapture;

TEST_CASE("a file for each measurement and host, with its header, of points from either format") {
    CsvCase csv;
    CHECK(was_stored(csv.send(pids_line("a", 1) + "lxc_cpu,container=a,host=h cpus=2i " +
                              std::string(csv_times) + pids_line("b", 2))));
    CHECK(csv.pids() == pids_header + pids_row("a", 1) + pids_row("b", 2));
    CHECK(csv_text(csv.path("lxc_cpu.h.csv")).find(",2,") != std::string::npos);
    CHECK(was_stored(csv.send("lxc_pids,container=a,host=../x\\ y threads=1i " + std::string(csv_times))));
    CHECK(csv_text(csv.path("lxc_pids..._x_y.csv")).starts_with(pids_header));
    struct stat status {};
    CHECK(::stat(csv.path().c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0640U);

    CsvFolder json(csv.settings(), encode::Format::json_lines);
    CHECK(was_stored(
        json.send(R"({"fields":{"threads":3},"name":"lxc_pids","tags":{"container":"c","host":"h"},)"
                  R"("timestamp":1700000000000000000})"
                  "\n")));
    CHECK(csv.pids() == pids_header + pids_row("a", 1) + pids_row("b", 2) + pids_row("c", 3));
}

TEST_CASE("names with a comma, a quote or a blank stay as they are") {
    CsvCase csv;
    CHECK(was_stored(csv.send("lxc_pids,container=a\\,b\"c,host=h threads=1i " + std::string(csv_times))));
    CHECK(csv.pids() == pids_header + "2023-11-14T22:13:20.000Z,h,\"a,b\"\"c\",,1,\r\n");
}

TEST_CASE("a start appends if the columns are the same") {
    CsvCase csv;
    CHECK(was_stored(csv.send(pids_line("a", 1))));
    csv.start();
    CHECK(was_stored(csv.send(pids_line("a", 2))));
    CHECK(csv.pids() == pids_header + pids_row("a", 1) + pids_row("a", 2));
    CHECK(csv.old().empty());
}

TEST_CASE("other columns begin a new file, and the old one stays as it was") {
    CsvCase csv;
    CHECK(was_stored(csv.send(pids_line("a", 1))));
    const std::string before = csv.pids();
    csv.settings().fields = Selection::of(std::vector<std::string>{"lxc_pids.threads"});
    csv.start();
    CHECK(was_stored(csv.send(pids_line("a", 2))));
    CHECK(csv.pids() == "time,host,container,name,threads\r\n2023-11-14T22:13:20.000Z,h,a,,2\r\n");
    REQUIRE(csv.old().size() == 1);
    CHECK(csv.old()[0].ends_with("Z.csv.gz"));
    CHECK(unzipped(csv.old()[0]) == before);
}

TEST_CASE("a new tag begins a new file; afterwards a start goes on with its columns") {
    CsvCase csv;
    CHECK(was_stored(csv.send(pids_line("a", 1))));
    CHECK(was_stored(csv.send(pids_line("a", 2, ",lxcpath=/x") + pids_line("b", 3))));
    const std::string rows = "time,host,container,name,lxcpath,threads,limit\r\n"
                             "2023-11-14T22:13:20.000Z,h,a,,/x,2,\r\n2023-11-14T22:13:20.000Z,h,b,,,3,\r\n";
    CHECK(csv.pids() == rows);
    CHECK(csv.old().size() == 1);
    csv.start();
    CHECK(was_stored(csv.send(pids_line("b", 4))));
    CHECK(csv.pids() == rows + "2023-11-14T22:13:20.000Z,h,b,,,4,\r\n");
    CHECK(csv.old().size() == 1);
}

TEST_CASE("full files are put aside, compressed, and the oldest removed") {
    const std::uint64_t most = pids_header.size() + 2 * pids_row("a", 1).size();
    CsvCase csv(most, 2);
    for (int count = 1; count <= 9; ++count) {
        CHECK(was_stored(csv.send(pids_line("a", count))));
        CHECK(csv.pids().size() <= most);
    }
    CHECK(csv.pids() == pids_header + pids_row("a", 9));
    const auto old = csv.old();
    REQUIRE(old.size() == 2);
    CHECK(unzipped(old[0]) == pids_header + pids_row("a", 5) + pids_row("a", 6));
    CHECK(unzipped(old[1]) == pids_header + pids_row("a", 7) + pids_row("a", 8));
}

TEST_CASE("a single larger row is written all the same, and no empty file is put aside") {
    CsvCase csv(1, 5);
    CHECK(was_stored(csv.send(pids_line("a", 1))));
    CHECK(csv.pids() == pids_header + pids_row("a", 1));
    CHECK(csv.old().empty());
    CHECK(was_stored(csv.send(pids_line("a", 2))));
    CHECK(csv.old().size() == 1);
}

TEST_CASE("none is kept if none is wanted, and other files of the folder stay") {
    CsvCase csv(pids_header.size() + 1, 0);
    for (const char* other : {"lxc_pids.h.2.csv", "lxc_pids.h.x.20261128T203000.123Z.csv", "notes.txt"})
        std::ofstream(csv.path(other)) << "x";
    for (int count = 1; count <= 3; ++count)
        CHECK(was_stored(csv.send(pids_line("a", count))));
    CHECK(csv.old() == std::vector<std::string>{csv.path("lxc_pids.h.2.csv")});
    CHECK(csv_text(csv.path("lxc_pids.h.x.20261128T203000.123Z.csv")) == "x");
}

TEST_CASE("a row that a crash has torn is removed at the next start, also one with a line end in quotes") {
    for (const std::string torn : {"2023-11-14T22:13:20.000Z,h,a,", "x,\"a\n", "2023\r"}) {
        CAPTURE(torn);
        CsvCase csv;
        CHECK(was_stored(csv.send(pids_line("a", 1))));
        std::ofstream(csv.path(), std::ios::app | std::ios::binary) << torn;
        csv.start();
        CHECK(was_stored(csv.send(pids_line("a", 2))));
        CHECK(csv.pids() == pids_header + pids_row("a", 1) + pids_row("a", 2));
        CHECK(csv.old().empty());
    }
}

TEST_CASE("a file that is not the agent's, or has no whole header, is put aside as it is") {
    for (const std::string other : {"time,ho", "notes", "a,b\r\n1,2\r\n3", "\"\n"}) {
        CAPTURE(other);
        CsvCase csv;
        std::ofstream(csv.path(), std::ios::binary) << other;
        CHECK(was_stored(csv.send(pids_line("a", 1))));
        CHECK(csv.pids() == pids_header + pids_row("a", 1));
        REQUIRE(csv.old().size() == 1);
        CHECK(unzipped(csv.old()[0]) == other);
    }
}

TEST_CASE("a batch that can't be written into all files is in none, and its retry writes each row once") {
    CsvCase csv;
    const std::string batch =
        "lxc_cpu,container=a,host=h cpus=2i " + std::string(csv_times) + pids_line("a", 1);
    CHECK(was_stored(csv.send(batch)));
    const std::string cpu = csv_text(csv.path("lxc_cpu.h.csv"));
    std::filesystem::rename(csv.path(), csv.path("aside"));
    std::filesystem::create_directory(csv.path());
    const Verdict verdict = csv.send(batch);
    CHECK(verdict.outcome == Outcome::settings);
    CHECK(verdict.message.find("lxc_pids.h.csv") != std::string::npos);
    CHECK(csv_text(csv.path("lxc_cpu.h.csv")) == cpu);
    std::filesystem::remove(csv.path());
    std::filesystem::rename(csv.path("aside"), csv.path());
    CHECK(was_stored(csv.send(batch)));
    CHECK(csv.pids() == pids_header + pids_row("a", 1) + pids_row("a", 1));
    CHECK(csv_text(csv.path("lxc_cpu.h.csv")).size() > cpu.size());
}

TEST_CASE("a file that is renamed or removed by others is made anew") {
    CsvCase csv;
    CHECK(was_stored(csv.send(pids_line("a", 1))));
    std::filesystem::rename(csv.path(), csv.path("away"));
    CHECK(was_stored(csv.send(pids_line("a", 2))));
    CHECK(csv.pids() == pids_header + pids_row("a", 2));
}

TEST_CASE("a link in the place of a file is not followed, and a missing folder is named") {
    CsvCase csv;
    std::ofstream(csv.path("other")) << "keep";
    std::filesystem::create_symlink(csv.path("other"), csv.path());
    CHECK(csv.send(pids_line("a", 1)).outcome == Outcome::settings);
    CHECK(csv_text(csv.path("other")) == "keep");
    csv.settings().folder += "/none";
    csv.start();
    const Verdict verdict = csv.send(pids_line("a", 1));
    CHECK(verdict.outcome == Outcome::settings);
    CHECK(verdict.message.find("does not exist; correct --csv-dir") != std::string::npos);
    const auto findings = csv.sink().probe();
    REQUIRE(findings.size() == 1);
    CHECK_FALSE(findings[0].ok);
}

TEST_CASE("a folder that another user owns or may write is refused, and nothing is written into it") {
    for (const bool is_owned : {true, false}) {
        if (is_owned && ::geteuid() != 0)
            continue; // only root can give a folder away
        CsvCase csv;
        const char* const folder = csv.settings().folder.c_str();
        const int made = is_owned ? ::chown(folder, 4711, 4711) : ::chmod(folder, 01777);
        REQUIRE(made == 0);
        const Verdict verdict = csv.send(pids_line("a", 1));
        CHECK(verdict.outcome == Outcome::settings);
        CHECK(verdict.message.starts_with(csv.settings().folder + ": "));
        CHECK(verdict.message.ends_with("expected a folder that only root and the agent's user may write"));
        CHECK(std::filesystem::is_empty(csv.settings().folder));
        CHECK_FALSE(csv.sink().probe()[0].ok);
    }
}

TEST_CASE(
    "a deadline ends a compression: the file stays as it is, without a message, and is compressed later") {
    CsvCase csv(pids_header.size() + 1, 5);
    LogCapture log;
    CHECK(was_stored(csv.send(pids_line("a", 1))));
    csv.sink().set_deadline(std::chrono::steady_clock::now());
    CHECK(was_stored(csv.send(pids_line("a", 2))));
    REQUIRE(csv.old().size() == 1);
    CHECK(csv.old()[0].ends_with("Z.csv"));
    CHECK(csv_text(csv.old()[0]) == pids_header + pids_row("a", 1));
    CHECK(log.take().empty());
    csv.start();
    CHECK(was_stored(csv.send(pids_line("a", 3))));
    REQUIRE(csv.old().size() == 2);
    CHECK(unzipped(csv.old()[0]) == pids_header + pids_row("a", 1));
}

TEST_CASE("a file that can't be compressed stays, is logged once, and is compressed later") {
    CsvCase csv(pids_header.size() + 1, 5);
    LogCapture log;
    CHECK(was_stored(csv.send(pids_line("a", 1))));
    const std::string stuck = csv.path("lxc_pids.h.20200101T000000.000Z.csv");
    std::filesystem::create_directory(stuck);
    CHECK(was_stored(csv.send(pids_line("a", 2))));
    CHECK(was_stored(csv.send(pids_line("a", 3))));
    const std::string logged = log.take();
    CHECK(logged.find(stuck + ": compressing it: ") != std::string::npos);
    CHECK(logged.find(stuck) == logged.rfind(stuck));
    std::filesystem::remove(stuck);
    std::ofstream(stuck) << "old\r\n";
    CHECK(was_stored(csv.send(pids_line("a", 4))));
    CHECK(unzipped(stuck + ".gz") == "old\r\n");
    CHECK_FALSE(std::filesystem::exists(stuck));
}
