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

ProcessFigures process(pid_t pid, const std::string& name, std::int64_t cpu, std::int64_t start = 200) {
    ProcessFigures figures;
    figures.pid = pid;
    figures.name_bytes = static_cast<std::uint32_t>(name.copy(figures.name.data(), figures.name.size()));
    figures.start_ticks = start;
    figures.cpu_ticks = cpu;
    figures.threads = 2;
    figures.rss_pages = 10;
    figures.read_bytes = cpu * 10;
    figures.write_bytes = cpu * 100;
    return figures;
}

/// Looks at a container again and again, each look 1,000 ticks behind the one before.
class Looks {
  public:
    explicit Looks(const CommandBounds& bounds = {})
        : totals_(container_start, bounds) {}
    void take(const std::vector<ProcessFigures>& processes) { totals_.take(processes, now_ += 1000); }
    [[nodiscard]] std::string top(std::size_t count) {
        std::string names;
        for (const auto* entry : totals_.top(count))
            names += (names.empty() ? "" : " ") + entry->first;
        return names;
    }
    /// Of a command that runs; one that has no figures where it does not.
    [[nodiscard]] CommandTotals::Command command(const std::string& name) {
        for (const auto* entry : totals_.top(1000))
            if (entry->first == name)
                return entry->second;
        CommandTotals::Command none;
        none.cpu_ticks = -1;
        return none;
    }
    [[nodiscard]] std::int64_t cpu(const std::string& name) { return command(name).cpu_ticks; }
    [[nodiscard]] CommandTotals& totals() noexcept { return totals_; }
    [[nodiscard]] std::int64_t now() const noexcept { return now_; }

  private:
    CommandTotals totals_;
    std::int64_t now_ = 10'000;
};

} // namespace

TEST_CASE("processes of one name are one command") {
    Looks looks;
    looks.take({process(1, "sh", 3), process(2, "sh", 4), process(3, "dd", 5)});
    const auto sh = looks.command("sh");
    CHECK(sh.cpu_ticks == 7);
    CHECK(sh.read_bytes == 70);
    CHECK(sh.write_bytes == 700);
    CHECK(sh.count == 2);
    CHECK(sh.threads == 4);
    CHECK(sh.rss_pages == 20);
    CHECK(looks.cpu("dd") == 5);
    looks.take({process(1, "sh", 3), process(2, "sh", 4), process(3, "dd", 9)});
    CHECK(looks.cpu("sh") == 7);
    CHECK(looks.cpu("dd") == 9);
    CHECK(looks.command("dd").count == 1);
}

TEST_CASE("a counter does not fall when a process ends, nor when all of them have") {
    Looks looks;
    looks.take({process(1, "sh", 30), process(2, "sh", 4)});
    looks.take({process(2, "sh", 6)});
    CHECK(looks.cpu("sh") == 36);
    CHECK(looks.command("sh").count == 1);
    CHECK(looks.totals().known_processes() == 1);
    looks.take({});
    CHECK(looks.cpu("sh") == -1); // nobody runs: nothing is sent
    CHECK(looks.totals().known_processes() == 0);
    looks.take({process(9, "sh", 2, looks.now() + 10)});
    CHECK(looks.cpu("sh") == 38);
}

TEST_CASE("a pid that another process has got counts from that one's begin") {
    Looks looks;
    looks.take({process(1, "sh", 30)});
    looks.take({process(1, "sh", 50, looks.now() + 10)}); // more than the one before had
    CHECK(looks.cpu("sh") == 80);
    looks.take({process(1, "sh", 1, looks.now() + 10)});
    CHECK(looks.cpu("sh") == 81);
}

TEST_CASE("what was spent under a name stays with it") {
    Looks looks;
    looks.take({process(1, "sh", 30), process(2, "sh", 1)});
    looks.take({process(1, "worker", 35), process(2, "sh", 1)});
    CHECK(looks.cpu("sh") == 31);
    CHECK(looks.cpu("worker") == 5);
    CHECK(looks.command("worker").read_bytes == 50);
    looks.take({process(1, "sh", 36), process(2, "sh", 1)});
    CHECK(looks.cpu("sh") == 32);
}

TEST_CASE("the past counts of those that began with the container, or since the look before") {
    Looks looks;
    looks.take({process(1, "init", 3, container_start), process(2, "from-host", 900, container_start - 1)});
    CHECK(looks.cpu("init") == 3);
    CHECK(looks.cpu("from-host") == 0);
    CHECK(looks.command("from-host").write_bytes == 0);
    const std::int64_t look = looks.now();
    looks.take({process(1, "init", 3, container_start), process(2, "from-host", 901, container_start - 1),
                process(3, "new", 7, look), process(4, "late", 70, look - 1)});
    CHECK(looks.cpu("new") == 7);
    CHECK(looks.cpu("from-host") == 1);
    CHECK(looks.cpu("late") == 0); // it has been elsewhere
}

TEST_CASE("a process that was out of sight for a look is not counted twice") {
    Looks looks;
    looks.take({process(1, "sh", 30)});
    looks.take({});
    looks.take({process(1, "sh", 40)});
    CHECK(looks.cpu("sh") == 30);
    looks.take({process(1, "sh", 41)});
    CHECK(looks.cpu("sh") == 31);
}

TEST_CASE("the top are those with the most since the look before, then in all, then by name") {
    Looks looks;
    looks.take({process(1, "a", 5), process(2, "b", 50), process(3, "c", 5), process(4, "d", 7)});
    CHECK(looks.top(3) == "b d a");
    CHECK(looks.top(10) == "b d a c");
    CHECK(looks.top(0).empty());
    looks.take({process(1, "a", 8), process(2, "b", 51), process(3, "c", 8), process(4, "d", 7)});
    CHECK(looks.top(10) == "a c b d");
    looks.take({process(1, "a", 8), process(2, "b", 51), process(3, "c", 8), process(4, "d", 7)});
    CHECK(looks.top(10) == "b a c d");
    looks.take({process(1, "a", 8), process(4, "d", 7)});
    CHECK(looks.top(10) == "a d"); // b and c are gone
}

TEST_CASE("memory and io are left out where they are not told of each process") {
    Looks looks;
    auto blind = process(2, "sh", 4);
    blind.read_bytes = blind.write_bytes = blind.rss_pages = std::nullopt;
    looks.take({process(1, "sh", 3), blind});
    const auto fields = [](const CommandTotals::Command& command) {
        Readings readings;
        set_command(command, readings);
        return readings;
    };
    const Readings blinded = fields(looks.command("sh"));
    CHECK(blinded.integer(field_id("lxc_process", "count")) == 2);
    CHECK(blinded.integer(field_id("lxc_process", "cpu_usec")) == 7 * 1'000'000 / ::sysconf(_SC_CLK_TCK));
    CHECK_FALSE(blinded.integer(field_id("lxc_process", "rss_bytes")));
    CHECK_FALSE(blinded.integer(field_id("lxc_process", "read_bytes")));
    CHECK_FALSE(blinded.integer(field_id("lxc_process", "write_bytes")));
    looks.take({process(1, "sh", 3), process(2, "sh", 5)});
    const Readings seen = fields(looks.command("sh"));
    CHECK(seen.integer(field_id("lxc_process", "rss_bytes")) == 20 * ::sysconf(_SC_PAGESIZE));
    CHECK(seen.integer(field_id("lxc_process", "read_bytes")) == 30); // of the other it begins now
    looks.take({process(1, "sh", 3), process(2, "sh", 6)});
    CHECK(fields(looks.command("sh")).integer(field_id("lxc_process", "read_bytes")) == 40);
}

TEST_CASE("sums that do not fit are left out, and what falls counts as nothing") {
    Looks looks;
    looks.take({process(1, "sh", 9)});
    auto absurd = process(1, "sh", most);
    absurd.read_bytes = absurd.write_bytes = most;
    auto second = absurd;
    second.pid = 2;
    looks.take({absurd, second});
    Readings readings;
    set_command(looks.command("sh"), readings);
    CHECK_FALSE(readings.integer(field_id("lxc_process", "cpu_usec")));
    CHECK_FALSE(readings.integer(field_id("lxc_process", "read_bytes")));
    CHECK(readings.integer(field_id("lxc_process", "count")) == 2);

    Looks others;
    others.take({process(1, "dd", 9)});
    others.take({process(1, "dd", 4)});
    CHECK(others.cpu("dd") == 9);
    others.take({process(1, "dd", 10)});
    CHECK(others.cpu("dd") == 10);
}

TEST_CASE("a process with a new name at each look") {
    Looks looks({.kept = 3, .sent = 4});
    std::string sent;
    for (int number = 0; number < 20; ++number) {
        looks.take({process(1, "n" + std::to_string(number), 10 + number), process(2, "steady", 1)});
        sent += looks.top(2) + ";";
        CHECK(looks.totals().known_commands() <= 3 + 2 + 4);
    }
    CHECK(sent.starts_with("n0 steady;n1 steady;n2 steady;steady;steady;"));
    CHECK(sent.find("n3") == std::string::npos);
    CHECK(looks.totals().newly_refused());
    CHECK_FALSE(looks.totals().newly_refused());
    // One that was sent before has kept its counters.
    looks.take({process(1, "n1", 40)});
    CHECK(looks.cpu("n1") == 1 + 40 - 29);
}

TEST_CASE("commands that were never sent are forgotten when there are too many") {
    Looks looks({.kept = 2, .sent = 100});
    for (int number = 0; number < 20; ++number) {
        looks.take({process(1, "busy", 100 * number), process(2, "n" + std::to_string(number), 0)});
        CHECK(looks.top(1) == "busy");
        CHECK(looks.totals().known_commands() <= 3);
    }
    CHECK_FALSE(looks.totals().newly_refused());
}
