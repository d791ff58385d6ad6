#include "sample/process_stat.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace lxcmon::sample;

namespace {

/// A line of the kernel's with this command; user time 7, system time 5, 3 threads, start 4242, 99 pages.
std::string stat_of(const std::string& command, const std::string& rest = "") {
    return "17 (" + command + ") S 1 17 17 0 -1 4194560 100 200 0 0 7 5 0 0 20 0 3 0 4242 1000000 99 " +
           (rest.empty() ? "18446744073709551615 1 1 0 0 0 0 0 0 0\n" : rest);
}

} // namespace

TEST_CASE("what a process has done") {
    const std::string text = stat_of("nginx");
    const auto process = parse_process_stat(text);
    REQUIRE(process);
    CHECK(process->command == "nginx");
    CHECK(process->state == 'S');
    CHECK(process->cpu_ticks == 12);
    CHECK(process->threads == 3);
    CHECK(process->start_ticks == 4242);
    CHECK(process->rss_pages == 99);
    CHECK_FALSE(process->is_dead());
}

TEST_CASE("a command is what it wants to be, and moves no figure") {
    for (const std::string command :
         {"a b", ") S 9 9", "((", "))", "(", ")", "", "a\nb", "\xff\xfe", ") Z 1 ("}) {
        CAPTURE(command);
        const std::string text = stat_of(command);
        const auto process = parse_process_stat(text);
        REQUIRE(process);
        CHECK(process->command == command);
        CHECK(process->cpu_ticks == 12);
        CHECK(process->state == 'S');
    }
}

TEST_CASE("a text that is cut, or is none, says nothing") {
    const std::string whole = stat_of("c");
    const std::size_t end = whole.find(" 99 ") + 3;
    for (std::size_t length = 0; length <= end; ++length) {
        CAPTURE(length);
        CHECK_FALSE(parse_process_stat(std::string_view(whole).substr(0, length)));
    }
    CHECK(parse_process_stat(std::string_view(whole).substr(0, end + 2)));
    CHECK_FALSE(parse_process_stat(") ("));
    CHECK_FALSE(parse_process_stat("1 (c)"));
}

TEST_CASE("counts that are none, or too large, say nothing") {
    const auto with = [](const std::string& utime, const std::string& stime) {
        return parse_process_stat("1 (c) S 1 1 1 0 -1 0 0 0 0 0 " + utime + " " + stime +
                                  " 0 0 20 0 1 0 5 6 7 8\n");
    };
    CHECK(with("1", "2")->cpu_ticks == 3);
    CHECK_FALSE(with("-1", "2"));
    CHECK_FALSE(with("x", "2"));
    CHECK_FALSE(with("9223372036854775807", "1"));
    CHECK_FALSE(with("18446744073709551615", "0"));
}

TEST_CASE("one that has ended and waits for its parent") {
    CHECK(parse_process_stat("1 (c) Z 1 1 1 0 -1 0 0 0 0 0 1 2 0 0 20 0 1 0 5 0 0 8\n")->is_dead());
}

TEST_CASE("what a process read and wrote") {
    const auto io = parse_process_io("rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 4096\n"
                                     "write_bytes: 8192\ncancelled_write_bytes: 0\n");
    REQUIRE(io);
    CHECK(io->read_bytes == 4096);
    CHECK(io->write_bytes == 8192);
    for (const std::string bad : {"", "read_bytes: 1\n", "read_bytes: 1\nwrite_bytes: -1\n",
                                  "read_bytes: x\nwrite_bytes: 1\n", "read_bytes: 1\nwrite_bytes: 12"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_process_io(bad));
    }
}
