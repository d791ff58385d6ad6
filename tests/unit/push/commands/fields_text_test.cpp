// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/commands/fields_text.hpp"

#include "model/field_source.hpp"
#include "support/fixture.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <algorithm>

using namespace lxcmon;
using namespace lxcmon::push;

namespace {

std::string row_of(const std::string& table, const std::string& begin) {
    const std::size_t at = table.find("\n" + begin);
    return at == std::string::npos ? "" : table.substr(at + 1, table.find('\n', at + 1) - at - 1);
}

} // namespace

TEST_CASE("the field table in docs/measurements.md is up to date") {
    const std::string text = test::text_of_file(LXCMON_SOURCE "/docs/measurements.md");
    const std::size_t begin = text.find("<!-- fields -->\n");
    const std::size_t end = text.find("<!-- /fields -->");
    REQUIRE(begin < end);
    REQUIRE(end != std::string::npos);
    const std::size_t first = begin + std::string("<!-- fields -->\n").size();
    CHECK(text.substr(first, end - first) == fields_as_markdown());
}

TEST_CASE("a source names both cgroup versions, or the only one that has it, or the file of the host") {
    const auto source = [](std::string_view measurement, std::string_view name) {
        const auto at = std::ranges::find_if(field_table, [&](const FieldInfo& field) {
            return field.measurement == measurement && field.name == name;
        });
        return source_of(*at);
    };
    CHECK(source("lxc_memory", "anon_bytes") == "memory.stat anon; v1: memory.stat total_rss");
    CHECK(source("lxc_memory", "high_bytes") == "memory.high (cgroup v2)");
    CHECK(source("lxc_cpu", "nr_periods") == "cpu.stat nr_periods");
    CHECK(source("host_memory", "anon_bytes") == "/proc/meminfo AnonPages");
    CHECK(source("host_memory", "oom_kill") == "/proc/vmstat oom_kill");
    CHECK(source("lxc_memory", "used_bytes") ==
          "usage_bytes less what can be freed: the page cache (file_bytes less shmem_bytes), and on v2 "
          "memory.stat slab_reclaimable");
}

TEST_CASE("each format of the table contains every field") {
    const std::string table = fields_as_table(Selection::by_default());
    const std::string markdown = fields_as_markdown();
    const auto json = nlohmann::json::parse(fields_as_json(Selection::by_default()));
    const auto sent =
        std::ranges::count_if(field_table, [](const FieldInfo& field) { return !field.measurement.empty(); });
    CHECK(std::ranges::count(table, '\n') == sent + 1);
    CHECK(json.size() == static_cast<std::size_t>(sent));
    CHECK(static_cast<std::size_t>(std::ranges::count(markdown, '\n')) ==
          static_cast<std::size_t>(sent) + measurement_table.size() + 2);
    CHECK(row_of(table, "lxc_fs").find("total_bytes") != std::string::npos);
    CHECK(json[0]["measurement"] == "lxc_cpu");
    CHECK(json[0]["unit"] == "us");
    CHECK(json[0]["metric"] == "lxc_cpu_usage_seconds_total");
    CHECK(json[0]["sent"] == true);
}

TEST_CASE("the table marks the fields that the settings send") {
    const std::string table = fields_as_table(Selection::of(std::vector<std::string>{"lxc_pids"}));
    CHECK(row_of(table, "lxc_pids").find(" yes ") != std::string::npos);
    CHECK(row_of(table, "lxc_cpu").find(" no ") != std::string::npos);
}

TEST_CASE("each row of the Markdown table has the same number of columns") {
    std::string row;
    for (const char c : fields_as_markdown()) {
        row.push_back(c);
        if (c != '\n')
            continue;
        CAPTURE(row);
        CHECK(std::ranges::count(row, '|') == 6);
        row.clear();
    }
}
