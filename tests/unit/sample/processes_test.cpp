#include "support/temp_tree.hpp"

#include "sample/processes.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace lxcmon::sample;

namespace {

const std::int64_t tick_usec = 1'000'000 / ::sysconf(_SC_CLK_TCK);

struct Process {
    pid_t pid;
    std::string command;
    std::int64_t cpu_ticks;
    std::int64_t start_ticks = 1;
    std::optional<ProcessIo> io = ProcessIo{};
    char state = 'S';
};

/// A sample of these processes; what is kept of it by command.
std::map<std::string, CommandFigures> sample(CommandSums& sums, const std::vector<Process>& processes) {
    sums.begin();
    for (const Process& each : processes)
        sums.add(each.pid, {each.command, each.state, each.cpu_ticks, 2, each.start_ticks, 3}, each.io);
    sums.end();
    std::map<std::string, CommandFigures> found;
    for (const auto& item : sums.busiest(1000))
        found.emplace(item.first, *item.second);
    return found;
}

/// Until that thread waits for something.
void wait_for_sleep(pid_t thread) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    for (;;) {
        std::ifstream file("/proc/self/task/" + std::to_string(thread) + "/stat");
        const std::string text(std::istreambuf_iterator<char>(file), {});
        if (const auto stat = parse_process_stat(text); stat && stat->state == 'S')
            return;
        REQUIRE(std::chrono::steady_clock::now() < end);
    }
}

std::vector<std::string> busiest(CommandSums& sums, std::size_t count) {
    std::vector<std::string> names;
    for (const auto& item : sums.busiest(count))
        names.emplace_back(item.first);
    return names;
}

} // namespace

TEST_CASE("processes of one command are one") {
    CommandSums sums(10);
    auto found = sample(sums, {{1, "a", 5}, {2, "a", 7}, {3, "b", 1}});
    REQUIRE(found.size() == 2);
    CHECK(found["a"].count == 2);
    CHECK(found["a"].threads == 4);
    CHECK(found["a"].rss_bytes == 6 * ::sysconf(_SC_PAGESIZE));
    CHECK(found["a"].cpu_usec == 12 * tick_usec);
    CHECK(found["b"].cpu_usec == tick_usec);
}

TEST_CASE("a process that ends takes nothing away") {
    CommandSums sums(10);
    sample(sums, {{1, "a", 100, 1, ProcessIo{10, 20}}, {2, "a", 7, 1, ProcessIo{1, 2}}});
    auto found = sample(sums, {{2, "a", 9, 1, ProcessIo{1, 5}}});
    CHECK(found["a"].count == 1);
    CHECK(found["a"].cpu_usec == 109 * tick_usec);
    CHECK(found["a"].io->read_bytes == 11);
    CHECK(found["a"].io->write_bytes == 25);
    CHECK(sample(sums, {}).empty());
    found = sample(sums, {{3, "a", 1, 9}});
    CHECK(found["a"].cpu_usec == 110 * tick_usec);
}

TEST_CASE("a process that was not listed once does not count twice") {
    CommandSums sums(10);
    sample(sums, {{1, "a", 100, 1, ProcessIo{10, 20}}});
    for (int round = 0; round < 5; ++round)
        CHECK(sample(sums, {}).empty());
    auto found = sample(sums, {{1, "a", 103, 1, ProcessIo{11, 25}}});
    CHECK(found["a"].cpu_usec == 103 * tick_usec);
    CHECK(found["a"].io->read_bytes == 11);
    CHECK(found["a"].io->write_bytes == 25);
}

TEST_CASE("a pid that is another process now counts from its beginning") {
    CommandSums sums(10);
    sample(sums, {{1, "a", 100, 1}});
    CHECK(sample(sums, {{1, "a", 30, 2}})["a"].cpu_usec == 130 * tick_usec);
    CHECK(sample(sums, {{1, "a", 200, 3}})["a"].cpu_usec == 330 * tick_usec);
}

TEST_CASE("what was done under another command stays there") {
    CommandSums sums(10);
    sample(sums, {{1, "sh", 100}, {2, "sh", 1}});
    auto found = sample(sums, {{1, "sleep", 104}, {2, "sh", 1}});
    CHECK(found["sh"].cpu_usec == 101 * tick_usec);
    CHECK(found["sleep"].cpu_usec == 4 * tick_usec);
}

TEST_CASE("a counter that went back grows by nothing, and goes on from there") {
    CommandSums sums(10);
    sample(sums, {{1, "a", 100, 1, ProcessIo{50, 0}}});
    auto found = sample(sums, {{1, "a", 90, 1, ProcessIo{40, 0}}});
    CHECK(found["a"].cpu_usec == 100 * tick_usec);
    found = sample(sums, {{1, "a", 95, 1, ProcessIo{45, 0}}});
    CHECK(found["a"].cpu_usec == 105 * tick_usec);
    CHECK(found["a"].io->read_bytes == 55);
}

TEST_CASE("what can't be read of one of a command's processes is not told of the command") {
    CommandSums sums(10);
    auto found = sample(sums, {{1, "a", 1, 1, ProcessIo{5, 5}}, {2, "a", 1, 1, std::nullopt}, {3, "b", 1}});
    CHECK_FALSE(found["a"].io);
    CHECK(found["b"].io);
    found = sample(sums, {{1, "a", 1, 1, ProcessIo{5, 5}}, {3, "b", 1}});
    CHECK_FALSE(found["a"].io); // its sum would lack what the other one did
}

TEST_CASE("one that waits for its parent is none that runs, but has done what it did") {
    CommandSums sums(10);
    auto found =
        sample(sums, {{1, "a", 5}, {2, "a", 3, 1, std::nullopt, 'Z'}, {4, "z", 9, 1, std::nullopt, 'Z'}});
    CHECK(found["a"].count == 1);
    CHECK(found["a"].cpu_usec == 8 * tick_usec);
    CHECK(found["a"].io);
    CHECK_FALSE(found.contains("z"));
}

TEST_CASE("a process that is listed twice counts once") {
    CommandSums sums(10);
    auto found = sample(sums, {{1, "a", 5}, {1, "a", 6}});
    CHECK(found["a"].count == 1);
    CHECK(found["a"].cpu_usec == 5 * tick_usec);
}

TEST_CASE("the busiest of late go first, then the busiest of all, then by name") {
    CommandSums sums(10);
    sample(sums, {{1, "old", 1000}, {2, "new", 1}, {3, "x", 1}, {4, "y", 1}});
    CHECK(busiest(sums, 2) == std::vector<std::string>{"old", "new"});
    sample(sums, {{1, "old", 1000}, {2, "new", 50}, {3, "x", 1}, {4, "y", 1}});
    CHECK(busiest(sums, 2) == std::vector<std::string>{"new", "old"});
    CHECK(busiest(sums, 9) == std::vector<std::string>{"new", "old", "x", "y"});
    CHECK(busiest(sums, 0).empty());
}

TEST_CASE("commands beyond the bound are left out, those within go on") {
    CommandSums sums(2);
    sample(sums, {{1, "a", 1}, {2, "b", 1}});
    CHECK_FALSE(sums.is_full());
    auto found = sample(sums, {{1, "a", 2}, {2, "c", 9}, {3, "", 9}});
    CHECK(sums.is_full());
    CHECK(found.size() == 1);
    CHECK(found["a"].cpu_usec == 2 * tick_usec);
    found = sample(sums, {{2, "b", 11}});
    CHECK(found["b"].cpu_usec == 3 * tick_usec); // not what it did as "c"
}

TEST_CASE("sums that a field can't hold are left out") {
    CommandSums sums(10);
    auto found = sample(sums, {{1, "a", INT64_MAX}, {2, "a", 4}});
    CHECK(found["a"].count == 1);
    CHECK(found["a"].cpu_usec == 4 * tick_usec);
}

namespace {

std::string stat_of(pid_t pid) {
    return std::to_string(pid) + " (a) S 1 1 1 0 -1 0 0 0 0 0 4 0 0 0 20 0 1 0 9 0 5 0\n";
}

} // namespace

TEST_CASE("a process that ends between its two files takes nothing from its command") {
    const lxcmon::test::TempTree tree;
    tree.write("proc/7/stat", stat_of(7));
    tree.write("proc/7/io", "read_bytes: 1\nwrite_bytes: 2\n");
    tree.write("proc/8/stat", stat_of(8));
    tree.write("sys/c/cgroup.procs", "8\n7\n");
    // Opening a fifo waits for a writer: so long the reader stands between stat and io.
    const std::string fifo = tree.path() / "proc/8/io";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    const CgroupLayout layout("1 1 0:1 / /sys rw - cgroup2 cgroup2 rw\n");
    const std::vector<std::optional<std::string>> directories{"sys/c"};
    lxcmon::io::FdBudget budget(0);
    ProcessSampler sampler({tree.fd(), layout, directories, budget}, 5, "container c");
    lxcmon::PointBuffer points;
    std::vector<char> buffer(8192);
    std::atomic<pid_t> reader_id = 0;
    std::thread reader([&] {
        reader_id = ::gettid();
        sampler.sample(buffer, {}, 1, points);
    });
    while (reader_id == 0)
        std::this_thread::yield();
    bool is_ended = false;
    SUBCASE("ended") {
        is_ended = true;
    }
    SUBCASE("can't be read") {}
    wait_for_sleep(reader_id);
    if (is_ended)
        tree.remove("proc/8/stat");
    // pread() can't read a fifo: no figures of io.
    const lxcmon::io::UniqueFd writer(::open(fifo.c_str(), O_WRONLY | O_CLOEXEC));
    reader.join();
    REQUIRE(points.size() == 1);
    std::map<std::string, std::int64_t> fields;
    for (const lxcmon::Field& each : points[0].fields)
        fields[std::string(each.key)] = std::get<std::int64_t>(each.value);
    CHECK(fields["cpu_usec"] == 8 * tick_usec);
    CHECK(fields["count"] == (is_ended ? 1 : 2));
    CHECK(fields.contains("read_bytes") == is_ended);
    CHECK(fields["write_bytes"] == (is_ended ? 2 : 0));
}
