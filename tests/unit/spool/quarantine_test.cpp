// SPDX-License-Identifier: GPL-2.0-or-later
#include "spool/quarantine.hpp"

#include "unit/spool/spool_support.hpp"

using namespace lxcmon;
using namespace lxcmon::spool;
using namespace lxcmon::test;

namespace {

Rejected two_lines() {
    return {"m f=1 1\nm,t=\"\\ x f=\"a\" 2\n", 2, 400, "field type \"conflict\"", "http://h:8086",
            1'795'243'800'000'000'000};
}

constexpr const char* two_objects =
    R"({"time":"2026-11-21T06:50:00Z","server":"http://h:8086","status":400,"error":"field type \"conflict\"","line":"m f=1 1"})"
    "\n"
    R"({"time":"2026-11-21T06:50:00Z","server":"http://h:8086","status":400,"error":"field type \"conflict\"","line":"m,t=\"\\ x f=\"a\" 2"})"
    "\n";

} // namespace

TEST_CASE_FIXTURE(SpoolTest, "quarantine: one object for each refused line") {
    const mode_t before = ::umask(0);
    Quarantine quarantine(settings.folder);
    CHECK_FALSE(std::filesystem::exists(settings.folder));
    CHECK_FALSE(quarantine.append(two_lines()));
    ::umask(before);
    const std::string wanted = two_objects;
    CHECK(names() == Names{"rejected.jsonl"});
    CHECK(mode_of(settings.folder) == 0700);
    CHECK(mode_of(path("rejected.jsonl")) == 0600);
    CHECK(content("rejected.jsonl") == wanted);
    CHECK_FALSE(quarantine.append(two_lines()));
    CHECK(content("rejected.jsonl") == wanted + wanted);
}

TEST_CASE_FIXTURE(SpoolTest, "quarantine: lines that the server does not name are counted") {
    Quarantine quarantine(settings.folder);
    Rejected rejected = two_lines();
    rejected.lines.clear();
    rejected.count = 7;
    CHECK_FALSE(quarantine.append(rejected));
    rejected.lines = "m f=1 1\n";
    CHECK_FALSE(quarantine.append(rejected));
    const std::string text = content("rejected.jsonl");
    CHECK(std::ranges::count(text, '\n') == 3);
    CHECK(text.find("\"lines\":7}\n") != std::string::npos);
    CHECK(text.find("\"line\":\"m f=1 1\"}\n") != std::string::npos);
    CHECK(text.ends_with("\"lines\":6}\n"));
}

TEST_CASE_FIXTURE(SpoolTest, "quarantine: invalid UTF-8 is replaced") {
    Quarantine quarantine(settings.folder);
    Rejected rejected = two_lines();
    rejected.lines = "m f=\"\xff\" 1\n";
    rejected.message = "\xc3";
    rejected.count = 1;
    CHECK_FALSE(quarantine.append(rejected));
    CHECK(content("rejected.jsonl").find("m f=\\\"\xEF\xBF\xBD\\\" 1") != std::string::npos);
}

TEST_CASE_FIXTURE(SpoolTest, "quarantine: rotates whole lines and never exceeds max_bytes") {
    const std::size_t size = std::string(two_objects).size();
    Quarantine quarantine(settings.folder, 2 * size, 1);
    Rejected rejected = two_lines();
    for (std::size_t number = 0; number < 50; ++number) {
        rejected.status = 400 + static_cast<int>(number);
        REQUIRE_FALSE(quarantine.append(rejected));
        REQUIRE(std::filesystem::file_size(path("rejected.jsonl")) <= 2 * size);
    }
    CHECK(names() == Names{"rejected.jsonl", "rejected.jsonl.1"});
    CHECK(content("rejected.jsonl").find("\"status\":449") != std::string::npos);
    CHECK(content("rejected.jsonl.1").ends_with("}\n"));
    CHECK(std::filesystem::file_size(path("rejected.jsonl.1")) <= 2 * size);
}

TEST_CASE_FIXTURE(SpoolTest, "quarantine: ends an incomplete last line before it appends") {
    write("rejected.jsonl", "{\"time");
    Quarantine quarantine(settings.folder);
    CHECK_FALSE(quarantine.append(two_lines()));
    CHECK(content("rejected.jsonl") == std::string("{\"time\n") + two_objects);
}

TEST_CASE_FIXTURE(SpoolTest, "quarantine: begins no file with an empty line after an incomplete one") {
    const std::size_t size = std::string(two_objects).size();
    write("rejected.jsonl", std::string(size, 'x'));
    Quarantine quarantine(settings.folder, size, 1);
    CHECK_FALSE(quarantine.append(two_lines()));
    CHECK(content("rejected.jsonl") == two_objects);
    CHECK(content("rejected.jsonl.1") == std::string(size, 'x') + "\n");
}

TEST_CASE_FIXTURE(SpoolTest, "quarantine: reports write errors and does not follow symlinks") {
    write("target", "");
    std::filesystem::create_symlink(path("target"), path("rejected.jsonl"));
    Quarantine quarantine(settings.folder);
    const auto wrong = quarantine.append(two_lines());
    REQUIRE(wrong);
    CHECK(wrong->find("/rejected.jsonl: opening it: Too many levels") != std::string::npos);
    CHECK(content("target").empty());
    std::filesystem::remove(path("rejected.jsonl"));
    std::filesystem::create_symlink("/dev/full", path("rejected.jsonl"));
    CHECK(quarantine.append(two_lines()));
    std::filesystem::remove(path("rejected.jsonl"));
    CHECK_FALSE(quarantine.append(two_lines()));
}
