// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/commands/overview_table.hpp"
#include "push/view/table.hpp"
#include "text/display_width.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <sstream>

using namespace lxcmon;
using namespace lxcmon::push;

namespace {

Figures container(std::string name) {
    Figures figures;
    figures.name = std::move(name);
    figures.lxcpath = "/var/lib/lxc";
    figures.state = "RUNNING";
    figures.init_pid = 100;
    figures.cpu_percent = 12.34;
    figures.memory_used_bytes = 1'572'864;
    figures.memory_limit_bytes = 1'073'741'824;
    figures.rx_bytes_per_sec = 1023;
    figures.tx_bytes_per_sec = 2048;
    figures.disk_used_bytes = 500;
    return figures;
}

Figures stopped(std::string name) {
    Figures figures;
    figures.name = std::move(name);
    figures.lxcpath = "/p";
    figures.state = "STOPPED";
    return figures;
}

std::vector<std::string> lines_of_table(const std::vector<Figures>& rows,
                                        std::optional<std::size_t> width = std::nullopt,
                                        SortBy sort = SortBy::name) {
    text::use_utf8_locale();
    std::vector<std::string> lines;
    std::istringstream input(table_text(rows, columns_for(rows), width, sort));
    for (std::string line; std::getline(input, line);)
        lines.push_back(line);
    return lines;
}

std::size_t widest(const std::vector<std::string>& lines) {
    std::size_t width = 0;
    for (const std::string& line : lines)
        width = std::max(width, text::display_width(line));
    return width;
}

} // namespace

TEST_CASE("sizes have at most five characters") {
    CHECK(short_size(0) == "0B");
    CHECK(short_size(999) == "999B");
    CHECK(short_size(1000) == "1.0K");
    CHECK(short_size(1536) == "1.5K");
    CHECK(short_size(10 * 1024) == "10K");
    CHECK(short_size(9.96 * 1024) == "10K");
    CHECK(short_size(1023.9 * 1024) == "1.0M");
    CHECK(short_size(812.4 * 1024 * 1024) == "812M");
    CHECK(short_size(9.3e18) == "8.1E");
    CHECK(percent(99.96) == "100.0%");
    CHECK(percent(999.96) == "1000%");
}

TEST_CASE("the table has a header, a line for each container and aligned columns") {
    const auto lines = lines_of_table({container("a-rather-long-name"), stopped("s")});
    REQUIRE(lines.size() == 3);
    CHECK(lines[0] ==
          "NAME                STATE      CPU  CORES  THROTTLED     MEMORY  NET IN  NET OUT  DISK READ  DISK "
          "WRITE  WAITS  FILESYSTEM  PROCS");
    CHECK(
        lines[1] ==
        "a-rather-long-name  RUNNING  12.3%      -          -  1.5M/1.0G  1.0K/s   2.0K/s          -        "
        "   -      -        500B      -");
    CHECK(
        lines[2] ==
        "s                   STOPPED      -      -          -          -       -        -          -        "
        "   -      -           -      -");
}

TEST_CASE("columns that say nothing are left out, others are there") {
    const auto has = [](const Figures& each, std::string_view title) {
        return lines_of_table({container("b"), each}).front().find(title) != std::string::npos;
    };
    for (const char* title : {"HOST NAME", "LXCPATH", "LOCK", "RESTARTS", "OOM"})
        CHECK_FALSE(has(container("a"), title));
    Figures each = container("a");
    each.host_name = "www";
    each.lock = "backup";
    each.restarts = each.oom_kills = 1;
    for (const char* title : {"HOST NAME", "LOCK", "RESTARTS", "OOM"})
        CHECK(has(each, title));
    CHECK(has(stopped("b"), "LXCPATH"));
}

TEST_CASE("the columns that the rows are sorted by stay longest") {
    const std::vector<Figures> rows{container("a-name"), stopped("b")};
    const auto titles = [&](std::size_t width, SortBy sort) {
        return lines_of_table(rows, width, sort).front();
    };
    const auto has = [&](std::string_view title, std::size_t width, SortBy sort) {
        return titles(width, sort).find(title) != std::string::npos;
    };
    for (const auto& [sort, title] :
         {std::pair{SortBy::processes, "PROCS"}, std::pair{SortBy::disk, "DISK WRITE"},
          std::pair{SortBy::network, "NET IN"}}) {
        const std::string wanted(title);
        CAPTURE(wanted);
        CHECK(has(title, 40, sort));
        CHECK_FALSE(has(title, 40, SortBy::cpu));
        CHECK(has("NAME", 40, sort));
    }
    CHECK(widest(lines_of_table(rows, 8, SortBy::disk)) <= 8);
}

TEST_CASE("a narrow table loses its least important columns, and at last cuts names") {
    std::vector<Figures> rows{container("a-rather-long-name-of-a-container"), stopped("s")};
    rows[0].oom_kills = 4;
    const std::size_t whole = widest(lines_of_table(rows));
    std::size_t columns = 100;
    for (std::size_t width = whole; width > 0; --width) {
        CAPTURE(width);
        const auto lines = lines_of_table(rows, width);
        REQUIRE(lines.size() == 3);
        CHECK(widest(lines) <= std::max<std::size_t>(width, std::string_view("NAME").size()));
        std::istringstream titles(lines.front());
        const auto count = static_cast<std::size_t>(
            std::distance(std::istream_iterator<std::string>(titles), std::istream_iterator<std::string>()));
        CHECK(count <= columns);
        columns = count;
    }
    const auto narrow = lines_of_table(rows, 45).front();
    CHECK(narrow == "NAME           STATE      CPU     MEMORY  OOM");
}

TEST_CASE("a name can't control the terminal, and wide ones keep the columns aligned") {
    std::vector<Figures> rows{container("a\x1b[31m\nb\x7f\xc2\x9b"
                                        "31mc\xff"),
                              container("\xe6\xbc\xa2\xe5\xad\x97"), container("e\xcc\x81")};
    rows[0].state = "RUN\rNING";
    const auto lines = lines_of_table(rows);
    REQUIRE(lines.size() == 4);
    CHECK(lines[1].starts_with("a_[31m_b___31mc_  RUN_NING "));
    for (const auto& line : lines)
        CHECK(text::display_width(line) == text::display_width(lines.front()));
}

TEST_CASE("the last line adds up what all use") {
    std::vector<Figures> rows{container("a"), container("b"), stopped("c")};
    const Figures total = total_of(rows);
    CHECK(total.name == "TOTAL 3");
    CHECK(total.state == "2 run");
    CHECK(total.cpu_percent == 24.68);
    CHECK(total.memory_used_bytes == 3'145'728);
    CHECK(total.rx_bytes_per_sec == 2046.0);
    CHECK_FALSE(total.memory_limit_bytes);
    CHECK_FALSE(total.read_bytes_per_sec);
}

TEST_CASE("the scarcest resource is named") {
    Figures each = container("a");
    const auto waits = [&] {
        const auto line = lines_of_table({each})[1];
        return line.find("2.5% mem") != std::string::npos;
    };
    each.pressure = {1.0, 2.5, 0.0};
    CHECK(waits());
    each.pressure = {3.0, 2.5, 0.0};
    CHECK_FALSE(waits());
}

TEST_CASE("JSON contains the known values only") {
    const auto expected = nlohmann::json::parse(R"([
        {"name": "web1", "lxcpath": "/var/lib/lxc", "state": "RUNNING", "init_pid": 100, "cpu_percent": 12.34,
         "memory_used_bytes": 1572864, "memory_limit_bytes": 1073741824, "rx_bytes_per_sec": 1023.0,
         "tx_bytes_per_sec": 2048.0, "disk_used_bytes": 500, "oom_kills": 0},
        {"name": "s", "lxcpath": "/p", "state": "STOPPED"}])");
    CHECK(nlohmann::json::parse(overview_as_json({container("web1"), stopped("s")})) == expected);
    CHECK(overview_as_json({}) == "[]\n");
    const auto list = nlohmann::json::parse(overview_as_json({stopped("a\xff\n")}));
    CHECK(list[0]["name"] == "a\xEF\xBF\xBD\n");
}
