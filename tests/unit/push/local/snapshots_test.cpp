// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/local/snapshots.hpp"

#include "unit/push/parsed.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace lxcmon;
using namespace lxcmon::push;
using lxcmon::test::has_all;
using lxcmon::test::Parser;

TEST_CASE("snapshots go to the JSON file, and only there") {
    const Parser parser;
    const std::string layout = "--json-layout=lxc-monitor";
    CHECK(Snapshots::make(parser.config({layout})) != nullptr);
    CHECK(Snapshots::make(parser.config({})) == nullptr);
    CHECK(Snapshots::make(parser.config({"--json-layout=lines"})) == nullptr);
    CHECK(Snapshots::make(parser.config({layout, "--influx-url=http://a"})) == nullptr);
    CHECK(Snapshots::make(parser.config({layout, "--dry-run"})) == nullptr);
    CHECK(has_all(parser.error({layout, "--json-file=-"}),
                  {"--json-layout", "standard output", "lxc_metrics.json"}));
    CHECK(has_all(parser.error({"--json-layout=lxc-monitr"}), {"lines, lxc-monitor"}));
    CHECK(parser.parse({layout, "--influx-url=http://a"}).ignored.size() == 1);
}

TEST_CASE("the snapshots of several ticks are one batch, a line each") {
    const Parser parser;
    Snapshots snapshots(parser.config({"--json-layout=lxc-monitor"}));
    for (int tick = 0; tick < 3; ++tick) {
        snapshots.begin();
        PointBuffer points;
        points.begin("lxc_cpu", tick);
        points.tag("container", "web");
        if (tick != 1)
            points.field("usage_percent", 1.0);
        points.field("usage_usec", std::int64_t{1});
        points.end();
        snapshots.add(points[0]);
        snapshots.end({std::int64_t{1} << 60U, 1 << 20U});
    }
    const Batch* const batch = snapshots.take();
    REQUIRE(batch != nullptr);
    CHECK(batch->lines == 2);
    const auto first = nlohmann::json::parse(batch->body.substr(0, batch->body.find('\n')));
    CHECK(first["summary"]["monitor_memory_usage_mb"] == 1.0);
    CHECK(first["summary"]["monitor_cpu_percent"] > 0);
    const auto second = nlohmann::json::parse(batch->body.substr(batch->body.find('\n') + 1));
    CHECK(second["summary"]["monitor_cpu_percent"] == 0.0);
    CHECK(snapshots.take() == nullptr);
}
