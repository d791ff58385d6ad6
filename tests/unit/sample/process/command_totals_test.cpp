// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/process/command_totals.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <limits>
#include <string>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::sample;

namespace {

constexpr std::int64_t container_start = 100;
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

io::ProcessStats process(pid_t pid, const std::string& name, std::int64_t cpu, std::int64_t start = 200) {
    io::ProcessStats stats;
    stats.pid = pid;
    stats.name_bytes = static_cast<std::uint32_t>(name.copy(stats.name.data(), stats.name.size()));
    stats.start_ticks = start;
    stats.cpu_ticks = cpu;
    stats.threads = 2;
    stats.rss_pages = 10;
    stats.shared_pages = 3;
    stats.text_pages = 4;
    stats.data_pages = 5;
    stats.read_bytes = cpu * 10;
    stats.write_bytes = cpu * 100;
    stats.read_syscalls = cpu * 2;
    stats.write_syscalls = cpu * 3;
    stats.read_syscall_bytes = cpu * 20;
    stats.write_syscall_bytes = cpu * 30;
    return stats;
}

/// Scans of a container, 1,000 clock ticks apart.
class Scans {
  public:
    explicit Scans(std::size_t most_kept = 1024, std::size_t most_sent = 512)
        : names_(most_sent)
        , totals_(container_start, names_, most_kept) {}
    void take(const std::vector<io::ProcessStats>& processes) { totals_.take(processes, now_ += 1000); }
    [[nodiscard]] std::string top(std::size_t count) {
        std::string names;
        for (const auto* entry : totals_.top(count, now_))
            names += (names.empty() ? "" : " ") + entry->first;
        return names;
    }
    /// A running command; cpu_ticks is -1 if there is none of that name.
    [[nodiscard]] CommandTotals::Command command(const std::string& name) {
        for (const auto* entry : totals_.top(1000, now_))
            if (entry->first == name)
                return entry->second;
        CommandTotals::Command none;
        none.cpu_ticks = -1;
        return none;
    }
    [[nodiscard]] std::int64_t cpu(const std::string& name) { return command(name).cpu_ticks; }
    [[nodiscard]] CommandTotals& totals() noexcept { return totals_; }
    [[nodiscard]] SeriesNames& names() noexcept { return names_; }
    [[nodiscard]] std::int64_t now() const noexcept { return now_; }

  private:
    SeriesNames names_;
    CommandTotals totals_;
    std::int64_t now_ = 10'000;
};

} // namespace

TEST_CASE("processes of one name are one command") {
    Scans scans;
    scans.take({process(1, "sh", 3), process(2, "sh", 4), process(3, "dd", 5)});
    const auto sh = scans.command("sh");
    CHECK(sh.cpu_ticks == 7);
    CHECK(sh.read_bytes == 70);
    CHECK(sh.write_bytes == 700);
    CHECK(sh.count == 2);
    CHECK(sh.threads == 4);
    CHECK(sh.rss_pages == 20);
    CHECK(sh.shared_pages == 6);
    CHECK(sh.text_pages == 8);
    CHECK(sh.data_pages == 10);
    CHECK(sh.read_syscalls == 14);
    CHECK(sh.write_syscalls == 21);
    CHECK(sh.read_syscall_bytes == 140);
    CHECK(sh.write_syscall_bytes == 210);
    CHECK(scans.cpu("dd") == 5);
    scans.take({process(1, "sh", 3), process(2, "sh", 4), process(3, "dd", 9)});
    CHECK(scans.cpu("sh") == 7);
    CHECK(scans.cpu("dd") == 9);
    CHECK(scans.command("dd").count == 1);
}

TEST_CASE("a counter does not fall when a process ends, nor when all of them have") {
    Scans scans;
    scans.take({process(1, "sh", 30), process(2, "sh", 4)});
    scans.take({process(2, "sh", 6)});
    CHECK(scans.cpu("sh") == 36);
    CHECK(scans.command("sh").count == 1);
    CHECK(scans.totals().known_processes() == 1);
    scans.take({});
    CHECK(scans.cpu("sh") == -1); // without a process nothing is sent
    CHECK(scans.totals().known_processes() == 0);
    scans.take({process(9, "sh", 2, scans.now() + 10)});
    CHECK(scans.cpu("sh") == 38);
}

TEST_CASE("a reused pid is counted from the start of its new process") {
    Scans scans;
    scans.take({process(1, "sh", 30)});
    scans.take({process(1, "sh", 50, scans.now() + 10)}); // more than the previous process had
    CHECK(scans.cpu("sh") == 80);
    scans.take({process(1, "sh", 1, scans.now() + 10)});
    CHECK(scans.cpu("sh") == 81);
}

TEST_CASE("CPU time stays with the name under which it was used") {
    Scans scans;
    scans.take({process(1, "sh", 30), process(2, "sh", 1)});
    scans.take({process(1, "worker", 35), process(2, "sh", 1)});
    CHECK(scans.cpu("sh") == 31);
    CHECK(scans.cpu("worker") == 5);
    CHECK(scans.command("worker").read_bytes == 50);
    scans.take({process(1, "sh", 36), process(2, "sh", 1)});
    CHECK(scans.cpu("sh") == 32);
}

TEST_CASE("the past counts for processes that started with the container or since the previous scan") {
    Scans scans;
    scans.take({process(1, "init", 3, container_start), process(2, "from-host", 900, container_start - 1)});
    CHECK(scans.cpu("init") == 3);
    CHECK(scans.cpu("from-host") == 0);
    CHECK(scans.command("from-host").write_bytes == 0);
    const std::int64_t scan = scans.now();
    scans.take({process(1, "init", 3, container_start), process(2, "from-host", 901, container_start - 1),
                process(3, "new", 7, scan), process(4, "late", 70, scan - 1)});
    CHECK(scans.cpu("new") == 7);
    CHECK(scans.cpu("from-host") == 1);
    CHECK(scans.cpu("late") == 0); // it was outside the container before
}

TEST_CASE("a process that is missing from a scan is not counted twice") {
    Scans scans;
    scans.take({process(1, "sh", 30)});
    scans.take({});
    scans.take({process(1, "sh", 40)});
    CHECK(scans.cpu("sh") == 30);
    scans.take({process(1, "sh", 41)});
    CHECK(scans.cpu("sh") == 31);
}

TEST_CASE("the top commands have the most CPU time since the previous scan, then in total, then by name") {
    Scans scans;
    scans.take({process(1, "a", 5), process(2, "b", 50), process(3, "c", 5), process(4, "d", 7)});
    CHECK(scans.top(3) == "b d a");
    CHECK(scans.top(10) == "b d a c");
    CHECK(scans.top(0).empty());
    scans.take({process(1, "a", 8), process(2, "b", 51), process(3, "c", 8), process(4, "d", 7)});
    CHECK(scans.top(10) == "a c b d");
    scans.take({process(1, "a", 8), process(2, "b", 51), process(3, "c", 8), process(4, "d", 7)});
    CHECK(scans.top(10) == "b a c d");
    scans.take({process(1, "a", 8), process(4, "d", 7)});
    CHECK(scans.top(10) == "a d"); // b and c are gone
}

TEST_CASE("memory and io are left out if they are unknown for one of the processes") {
    Scans scans;
    auto unreadable = process(2, "sh", 4);
    unreadable.read_bytes = unreadable.write_bytes = unreadable.rss_pages = std::nullopt;
    scans.take({process(1, "sh", 3), unreadable});
    const auto fields = [](const CommandTotals::Command& command) {
        Readings readings;
        set_command(command, readings);
        return readings;
    };
    const Readings without_io = fields(scans.command("sh"));
    CHECK(without_io.integer(field_id("lxc_process", "count")) == 2);
    CHECK(without_io.integer(field_id("lxc_process", "cpu_usec")) == 7 * 1'000'000 / ::sysconf(_SC_CLK_TCK));
    CHECK_FALSE(without_io.integer(field_id("lxc_process", "rss_bytes")));
    CHECK_FALSE(without_io.integer(field_id("lxc_process", "read_bytes")));
    CHECK_FALSE(without_io.integer(field_id("lxc_process", "write_bytes")));
    scans.take({process(1, "sh", 3), process(2, "sh", 5)});
    const Readings seen = fields(scans.command("sh"));
    CHECK(seen.integer(field_id("lxc_process", "rss_bytes")) == 20 * ::sysconf(_SC_PAGESIZE));
    CHECK(seen.integer(field_id("lxc_process", "read_bytes")) == 30); // counting of pid 2 starts here
    scans.take({process(1, "sh", 3), process(2, "sh", 6)});
    CHECK(fields(scans.command("sh")).integer(field_id("lxc_process", "read_bytes")) == 40);
}

TEST_CASE("sums that overflow are left out, and a falling counter adds nothing") {
    Scans scans;
    scans.take({process(1, "sh", 9)});
    auto absurd = process(1, "sh", 9);
    absurd.cpu_ticks = most;
    absurd.read_bytes = absurd.write_bytes = most;
    auto second = absurd;
    second.pid = 2;
    scans.take({absurd, second});
    Readings readings;
    set_command(scans.command("sh"), readings);
    CHECK_FALSE(readings.integer(field_id("lxc_process", "cpu_usec")));
    CHECK_FALSE(readings.integer(field_id("lxc_process", "read_bytes")));
    CHECK(readings.integer(field_id("lxc_process", "count")) == 2);

    Scans falling;
    falling.take({process(1, "dd", 9)});
    falling.take({process(1, "dd", 4)});
    CHECK(falling.cpu("dd") == 9);
    falling.take({process(1, "dd", 10)});
    CHECK(falling.cpu("dd") == 10);
}

TEST_CASE("a process with a new name at each scan") {
    Scans scans(3, 4);
    std::string sent;
    for (int number = 0; number < 20; ++number) {
        scans.take({process(1, "n" + std::to_string(number), 10 + number), process(2, "steady", 1)});
        sent += scans.top(2) + ";";
        CHECK(scans.totals().known_commands() <= 3 + 2 + 4);
    }
    CHECK(sent.starts_with("n0 steady;n1 steady;n2 steady;steady;steady;"));
    CHECK(sent.find("n3") == std::string::npos);
    CHECK(scans.names().newly_too_many());
    CHECK_FALSE(scans.names().newly_too_many());
    // A command that was sent before has kept its counters.
    scans.take({process(1, "n1", 40)});
    CHECK(scans.cpu("n1") == 1 + 40 - 29);
}

TEST_CASE("commands that were never sent are forgotten when there are too many") {
    Scans scans(2, 100);
    for (int number = 0; number < 20; ++number) {
        scans.take({process(1, "busy", 100 * number), process(2, "n" + std::to_string(number), 0)});
        CHECK(scans.top(1) == "busy");
        CHECK(scans.totals().known_commands() <= 3);
    }
    CHECK_FALSE(scans.names().newly_too_many());
}

TEST_CASE("names that are equal in the points are one command") {
    Scans scans;
    scans.take({process(1, "a\001b", 3), process(2, "a_b", 4), process(3, "a\002b", 5)});
    CHECK(scans.top(10) == "a_b");
    CHECK(scans.command("a_b").count == 3);
    CHECK(scans.cpu("a_b") == 12);
}

TEST_CASE("a restart does not give a container new commands") {
    SeriesNames names(4);
    std::size_t sent = 0;
    for (int start = 0; start < 3; ++start) {
        CommandTotals totals(container_start, names);
        for (int number = 0; number < 4; ++number) {
            const std::string name = std::to_string(start) + "-" + std::to_string(number);
            totals.take({{process(1, name, 10 + number)}}, 1000 * (number + 1));
            sent += totals.top(1, 5).size();
        }
    }
    CHECK(sent == 4);
}
