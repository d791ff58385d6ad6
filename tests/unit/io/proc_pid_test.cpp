// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/temp_tree.hpp"

#include "io/proc_pid.hpp"
#include "io/unique_fd.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::io;
using test::TempTree;

namespace {

/// A line as the kernel writes it, with the given utime, stime, threads and starttime.
std::string stat_line(const std::string& name, const std::string& state = "S", const std::string& user = "30",
                      const std::string& system = "12", const std::string& threads = "3",
                      const std::string& start = "777") {
    return "42 (" + name + ") " + state + " 1 42 42 0 -1 4194560 6 7 8 9 " + user + ' ' + system +
           " 900 901 20 0 " + threads + " 0 " + start + " 4096 55 18446744073709551615 0 0 17 0 0\n";
}

struct Parsed {
    bool ok;
    ProcessStats stats;
};
Parsed parsed(const std::string& text) {
    ProcessStats stats;
    const bool ok = parse_process_stat(text, stats);
    return {ok, stats};
}

ProcessStats read(const TempTree& tree, pid_t pid, bool want_io = true) {
    std::array<char, 4096> buffer{};
    return read_process(tree.fd(), pid, want_io, buffer);
}

} // namespace

TEST_CASE("a status has pending signals, user ids and pid namespaces") {
    const std::string status = "Name:\tx\\nUid:\nUid:\t5\t5\t5\t5\nNSpid:\t42\t1\nSigPnd:\t0000000000000000\n"
                               "ShdPnd:\t0000000000000100\nSigBlk:\tffffffffffffffff\n";
    CHECK(is_kill_pending(status));
    CHECK_FALSE(is_kill_pending("SigPnd:\t0000000000000080\nShdPnd:\tfffffffffffffeff\n"));
    CHECK_FALSE(is_kill_pending("SigPnd:\t0000000000000100")); // truncated
    CHECK(runs_as(5, status));
    CHECK_FALSE(runs_as(0, status));
    CHECK_FALSE(runs_as(5, "Uid:\t5\t5\t0\t5\n"));
    CHECK_FALSE(runs_as(0, ""));
    CHECK(pid_namespaces(status) == 2);
    CHECK(pid_namespaces("") == 0);
}

TEST_CASE("parse_process_stat: name, CPU time, threads and start") {
    const auto [ok, stats] = parsed(stat_line("busybox"));
    CHECK(ok);
    CHECK(stats.command() == "busybox");
    CHECK(stats.cpu_ticks == 42);
    CHECK(stats.threads == 3);
    CHECK(stats.start_ticks == 777);
}

TEST_CASE("parse_process_stat accepts any bytes in the name") {
    for (const std::string name :
         {") R 1 2 3", "a b", "((", "))", "a\nb", "x) S 1 1 1 0 (", "\xff\xfe", "()"}) {
        CAPTURE(name);
        const auto [ok, stats] = parsed(stat_line(name));
        CHECK(ok);
        CHECK(std::string(stats.command()) == name);
        CHECK(stats.cpu_ticks == 42);
        CHECK(stats.start_ticks == 777);
        CHECK(parse_start_ticks(stat_line(name)) == 777);
    }
    CHECK(parsed(stat_line(std::string(64, 'k'))).ok);
    CHECK_FALSE(parsed(stat_line(std::string(65, 'k'))).ok);
    CHECK_FALSE(parsed(stat_line("")).ok);
    CHECK(parse_start_ticks(stat_line("")) == 777);
}

TEST_CASE("parse_process_statm: resident, shared, text and data pages") {
    const auto memory = [](const std::string& text) {
        ProcessStats stats;
        parse_process_statm(text, stats);
        return std::vector{stats.rss_pages, stats.shared_pages, stats.text_pages, stats.data_pages};
    };
    using Pages = std::vector<std::optional<std::int64_t>>;
    CHECK(memory("4000 55 7 1 0 9 0\n") == Pages{55, 7, 1, 9});
    CHECK(memory("4000 55 0 0 0 0 0\n") == Pages{55, 0, 0, 0});
    for (const std::string none :
         {"0 0 0 0 0 0 0\n", // the first thread has ended
          "4000 55 7 1 0 9 0", "4000 55\n", "4000 55 7 1 0\n", "4000 -5 7 1 0 9 0\n", "4000 55 7 1 0 x 0\n",
          "4000 99999999999999999999 7 1 0 9 0\n", "\n", ""}) {
        CAPTURE(none);
        CHECK(memory(none) == Pages(4));
    }
}

TEST_CASE("parse_process_stat refuses truncated and malformed text") {
    const std::string whole = stat_line("x");
    for (std::size_t length = 0; length < whole.find(" 4096 55 "); ++length) {
        CAPTURE(length);
        CHECK_FALSE(parsed(whole.substr(0, length)).ok);
        CHECK_FALSE(parse_start_ticks(whole.substr(0, length)));
    }
    CHECK_FALSE(parsed(")42 (x S 1\n").ok);
    CHECK_FALSE(parse_start_ticks(")42 (x S 1\n"));
    CHECK_FALSE(parsed(stat_line("x", "S", "-1")).ok);
    CHECK_FALSE(parsed(stat_line("x", "S", "1", "one")).ok);
    CHECK_FALSE(parsed(stat_line("x", "S", "9223372036854775807", "1")).ok);
    CHECK_FALSE(parsed(stat_line("x", "S", "1", "1", "1", "18446744073709551615")).ok);
    CHECK_FALSE(parse_start_ticks(stat_line("x", "S", "1", "1", "1", "18446744073709551615")));
    CHECK_FALSE(parsed(stat_line("x", "S", "1", "1", "")).ok);
}

TEST_CASE("parse_process_io: bytes of disks, and system calls with their bytes") {
    ProcessStats stats;
    parse_process_io("rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 4096\nwrite_bytes: 8192\n"
                     "cancelled_write_bytes: 5\n",
                     stats);
    CHECK(stats.read_bytes == 4096);
    CHECK(stats.write_bytes == 8192);
    CHECK(stats.read_syscall_bytes == 1);
    CHECK(stats.write_syscall_bytes == 2);
    CHECK(stats.read_syscalls == 3);
    CHECK(stats.write_syscalls == 4);
    ProcessStats bad;
    parse_process_io("read_bytes: -1\nwrite_bytes: 18446744073709551615\nread_bytes 4\nwrite_bytes: 7", bad);
    CHECK_FALSE(bad.read_bytes);
    CHECK_FALSE(bad.write_bytes);
}

TEST_CASE("read_process works without statm and io; without stat there is no process") {
    const TempTree tree;
    tree.write("42/stat", stat_line("x"));
    CHECK(read(tree, 42).pid == 42);
    CHECK_FALSE(read(tree, 42).rss_pages);
    tree.write("42/statm", "4000 55 7 1 0 9 0\n");
    CHECK(read(tree, 42).rss_pages == 55);
    CHECK_FALSE(read(tree, 42).read_bytes);
    tree.write("42/io", "read_bytes: 1\nwrite_bytes: 2\n");
    CHECK(read(tree, 42).write_bytes == 2);
    CHECK_FALSE(read(tree, 42, false).write_bytes);
    CHECK(read(tree, 43).pid == 0);
    tree.remove("42/stat");
    CHECK(read(tree, 42).pid == 0);
}

TEST_CASE("read_process reads this process") {
    const io::UniqueFd proc(::open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
    std::array<char, 4096> buffer{};
    const ProcessStats stats = read_process(proc.get(), ::getpid(), true, buffer);
    CHECK(stats.pid == ::getpid());
    CHECK(stats.command() == "unit-io");
    CHECK(stats.threads >= 1);
    CHECK(stats.rss_pages.value_or(0) > 100);
    CHECK(stats.read_bytes);
}
