// SPDX-License-Identifier: GPL-2.0-or-later
#include "encode/openmetrics.hpp"

#include "model/field_kind.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::encode;

namespace {

using Tags = std::vector<std::pair<std::string_view, std::string_view>>;
using Fields = std::vector<std::pair<std::string_view, FieldValue>>;

/// Rounds of points and their text.
class Rounds {
  public:
    explicit Rounds(std::uint64_t held = 3)
        : metrics_(held) {}

    Rounds& begin() {
        metrics_.begin();
        return *this;
    }
    Rounds& add(std::string_view measurement, const Tags& tags, const Fields& fields) {
        PointBuffer points;
        points.begin(measurement, 1);
        for (const auto& [key, value] : tags)
            points.tag(key, value);
        for (const auto& [key, value] : fields)
            points.field(key, value);
        points.end();
        metrics_.add(points[0]);
        return *this;
    }
    std::string end(MetricsForm form = MetricsForm::text) {
        metrics_.end();
        std::string text;
        metrics_.append(text, form);
        return text;
    }

  private:
    OpenMetrics metrics_;
};

/// The lines that are samples.
std::string samples(const std::string& text) {
    std::string kept;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at) + 1;
        if (text[at] != '#')
            kept += text.substr(at, end - at);
        at = end;
    }
    return kept;
}

std::string one(std::string_view measurement, const Tags& tags, const Fields& fields) {
    return samples(Rounds().begin().add(measurement, tags, fields).end());
}

const Tags web{{"host", "h"}, {"container", "web"}};
const Tags root_of_web{{"host", "h"}, {"container", "web"}, {"mountpoint", "/"}};

} // namespace

TEST_CASE("a family has its type, its help and its unit, in both forms") {
    Rounds rounds;
    rounds.begin().add("lxc_cpu", web, {{"usage_usec", std::int64_t{1'500'000}}, {"usage_percent", 25.0}});
    CHECK(rounds.end() ==
          "# HELP lxc_cpu_usage_ratio lxc_cpu usage_percent, 1 is 100 % of one core: growth of "
          "usage_usec over the last interval\n"
          "# TYPE lxc_cpu_usage_ratio gauge\n"
          "lxc_cpu_usage_ratio{container=\"web\",host=\"h\"} 0.25\n"
          "# HELP lxc_cpu_usage_seconds_total lxc_cpu usage_usec: cpu.stat usage_usec; v1: "
          "cpuacct.usage\n"
          "# TYPE lxc_cpu_usage_seconds_total counter\n"
          "lxc_cpu_usage_seconds_total{container=\"web\",host=\"h\"} 1.5\n");
    CHECK(rounds.end(MetricsForm::openmetrics) ==
          "# HELP lxc_cpu_usage_ratio lxc_cpu usage_percent, 1 is 100 % of one core: growth of usage_usec "
          "over the "
          "last interval\n"
          "# TYPE lxc_cpu_usage_ratio gauge\n"
          "# UNIT lxc_cpu_usage_ratio ratio\n"
          "lxc_cpu_usage_ratio{container=\"web\",host=\"h\"} 0.25\n"
          "# HELP lxc_cpu_usage_seconds lxc_cpu usage_usec: cpu.stat usage_usec; v1: cpuacct.usage\n"
          "# TYPE lxc_cpu_usage_seconds counter\n"
          "# UNIT lxc_cpu_usage_seconds seconds\n"
          "lxc_cpu_usage_seconds_total{container=\"web\",host=\"h\"} 1.5\n"
          "# EOF\n");
}

TEST_CASE("texts are infos, the state is a state set, booleans are 0 and 1") {
    Rounds rounds;
    rounds.begin().add(
        "lxc_state", web,
        {{"state", std::string_view("FROZEN")}, {"frozen", true}, {"tags", std::string_view("a\"b\\c\nd")}});
    const std::string text = rounds.end();
    CHECK(text.find("lxc_state_frozen{container=\"web\",host=\"h\"} 1\n") != std::string::npos);
    CHECK(text.find("lxc_state{container=\"web\",host=\"h\",lxc_state=\"FROZEN\"} 1\n") != std::string::npos);
    CHECK(text.find("lxc_state{container=\"web\",host=\"h\",lxc_state=\"RUNNING\"} 0\n") !=
          std::string::npos);
    CHECK(text.find("# TYPE lxc_state_tags_info gauge\n"
                    "lxc_state_tags_info{container=\"web\",host=\"h\",tags=\"a\\\"b\\\\c_d\"} 1\n") !=
          std::string::npos);
    const std::string open = rounds.end(MetricsForm::openmetrics);
    CHECK(open.find("# TYPE lxc_state stateset\n") != std::string::npos);
    CHECK(open.find("# TYPE lxc_state_tags info\nlxc_state_tags_info{") != std::string::npos);
    CHECK(one("lxc_state", web, {{"state", std::string_view("NEW")}})
              .ends_with(
                  "lxc_state=\"THAWED\"} 0\nlxc_state{container=\"web\",host=\"h\",lxc_state=\"NEW\"} 1\n"));
}

TEST_CASE("names: base units at the end, _total for counters only, none twice") {
    const auto name = [](std::string_view measurement, std::string_view field) {
        const auto at = std::ranges::find_if(field_table, [&](const FieldInfo& each) {
            return each.measurement == measurement && each.name == field;
        });
        return family_of(*at).sample_name();
    };
    CHECK(name("lxc_memory", "used_percent") == "lxc_memory_used_ratio");
    CHECK(name("lxc_io", "read_bytes") == "lxc_io_read_bytes_total");
    CHECK(name("lxc_net", "mtu") == "lxc_net_mtu_bytes");
    CHECK(name("lxc_net", "rx_packets") == "lxc_net_rx_packets_total");
    CHECK(name("lxc_net", "host_interface") == "lxc_net_host_interface_info");
    CHECK(name("lxc_fs", "inodes_total") == "lxc_fs_inodes");
    CHECK(name("lxc_pressure", "some_avg10") == "lxc_pressure_some_avg10_ratio");
    CHECK(name("lxc_pressure", "some_total_usec") == "lxc_pressure_some_seconds_total");
    CHECK(name("lxc_process", "count") == "lxc_process_processes");
    CHECK(name("lxc_state", "uptime_sec") == "lxc_state_uptime_seconds");
    CHECK(name("lxcmon_push", "tick_usec") == "lxcmon_push_tick_seconds");
    std::set<std::string> names;
    for (const FieldInfo& field : field_table) {
        if (field.measurement.empty())
            continue;
        const MetricFamily family = family_of(field);
        CAPTURE(family.name);
        CHECK(names.insert(family.name).second);
        if (family.name != family.sample_name())
            CHECK(names.insert(family.sample_name()).second);
        CHECK(family.sample_name().ends_with("_total") == (family.type == MetricType::counter));
        const bool needs_escape = family.help.find_first_of("\"\\\n") != std::string::npos;
        CHECK_FALSE(needs_escape);
    }
}

TEST_CASE("each counter of the list is a field, and an integer") {
    for (const std::string_view counter : detail::counters) {
        CAPTURE(std::string(counter));
        const auto at = std::ranges::find(field_table, counter, &FieldInfo::name);
        REQUIRE(at != field_table.end());
        const bool is_integer = at->type == FieldType::integer;
        CHECK(is_integer);
    }
}

TEST_CASE("labels: hostile values are escaped, hostile keys become label names of their own") {
    CHECK(one("host_load", {{"host", "a\"b\n\\{}=,\xff"}}, {{"load1", 0.5}}) ==
          "host_load_load1{host=\"a\\\"b_/{}=,\xEF\xBF\xBD\"} 0.5\n");
    CHECK(one("host_load", {{"a-b", "1"}, {"a.b", "2"}, {"a_b", "3"}, {"9", "4"}, {"__name__", "5"}},
              {{"load1", 1.0}}) ==
          "host_load_load1{a_b=\"3\",tag_9=\"4\",tag___name__=\"5\",a_b_=\"1\",a_b__=\"2\"} 1\n");
    CHECK(one("host_load", {{"le", "1"}, {"lxc_state", "2"}, {"lock", "3"}, {"_", "4"}, {"-_", "5"}},
              {{"load1", 1.0}}) ==
          "host_load_load1{_=\"4\",tag__=\"5\",le_=\"1\",lock_=\"3\",lxc_state_=\"2\"} 1\n");
}

TEST_CASE("two points with the same labels are one: Prometheus would refuse the text") {
    Rounds rounds;
    rounds.begin().add("lxc_pids", web, {{"threads", std::int64_t{1}}});
    rounds.add("lxc_pids", web, {{"threads", std::int64_t{2}}});
    CHECK(samples(rounds.end()) == "lxc_pids_threads{container=\"web\",host=\"h\"} 1\n");
}

TEST_CASE("samples of a family are together, sorted by labels; other measurements and fields are left out") {
    Rounds rounds;
    rounds.begin().add("lxc_pids", {{"container", "b"}},
                       {{"threads", std::int64_t{2}}, {"peak", std::int64_t{3}}});
    rounds.add("other", {}, {{"threads", std::int64_t{9}}});
    rounds.add("lxc_pids", {{"container", "a"}}, {{"other", std::int64_t{9}}});
    rounds.add("lxc_pids", {{"container", "c"}}, {{"threads", std::int64_t{1}}});
    CHECK(samples(rounds.end()) == "lxc_pids_peak{container=\"b\"} 3\n"
                                   "lxc_pids_threads{container=\"b\"} 2\n"
                                   "lxc_pids_threads{container=\"c\"} 1\n");
}

TEST_CASE("what a round does not bring is gone, except counters and peaks of a point that is there") {
    const Fields all{
        {"limit_bytes", std::int64_t{7}}, {"peak_bytes", std::int64_t{8}}, {"oom_kill", std::int64_t{9}}};
    const Fields usual{{"usage_bytes", std::int64_t{1}}};
    Rounds rounds(2);
    rounds.begin().add("lxc_memory", web, all);
    CHECK(samples(rounds.end()).find("lxc_memory_limit_bytes{") != std::string::npos);
    const std::string held = "lxc_memory_oom_kill_total{container=\"web\",host=\"h\"} 9\n"
                             "lxc_memory_peak_bytes{container=\"web\",host=\"h\"} 8\n"
                             "lxc_memory_usage_bytes{container=\"web\",host=\"h\"} 1\n";
    for (int round = 0; round < 2; ++round) {
        rounds.begin().add("lxc_memory", web, usual);
        CHECK(samples(rounds.end()) == held);
    }
    rounds.begin().add("lxc_memory", web, usual);
    CHECK(samples(rounds.end()) == "lxc_memory_usage_bytes{container=\"web\",host=\"h\"} 1\n");
    rounds.begin();
    CHECK(rounds.end().empty());
}

TEST_CASE("filesystems stay between their samples, as long as their container has values") {
    const Fields running{{"state", std::string_view("RUNNING")}, {"running", true}};
    const Fields stopped{{"running", false}};
    Rounds rounds(3);
    const auto has_fs = [](const std::string& text) {
        return text.find("lxc_fs_free_bytes{container=\"web\",host=\"h\",mountpoint=\"/\"} 5") !=
               std::string::npos;
    };
    const auto first = [&] {
        rounds.begin()
            .add("lxc_state", web, running)
            .add("lxc_fs", root_of_web, {{"free_bytes", std::int64_t{5}}});
        CHECK(has_fs(rounds.end()));
    };
    first();
    for (int round = 0; round < 3; ++round)
        CHECK(has_fs(rounds.begin().add("lxc_state", web, running).end()));
    CHECK_FALSE(has_fs(rounds.begin().add("lxc_state", web, running).end())); // unmounted, or hangs
    first();
    CHECK_FALSE(has_fs(rounds.begin().add("lxc_state", web, stopped).end()));
    first();
    CHECK_FALSE(has_fs(rounds.begin().end()));
}

TEST_CASE("a round that was not ended is no part of the next one") {
    Rounds rounds;
    rounds.begin().add("lxc_pids", web, {{"threads", std::int64_t{1}}});
    rounds.begin().add("lxc_pids", web, {{"threads", std::int64_t{2}}});
    CHECK(samples(rounds.end()) == "lxc_pids_threads{container=\"web\",host=\"h\"} 2\n");
}

TEST_CASE("numbers are in the shortest form") {
    const auto value = [](std::int64_t usec) {
        const std::string line = one("host_cpu", {{"host", "h"}}, {{"iowait_usec", usec}});
        return line.substr(line.find(' ') + 1);
    };
    CHECK(value(0) == "0\n");
    CHECK(value(1) == "1e-06\n");
    CHECK(value(1'234'567) == "1.234567\n");
    CHECK(value(86'400'000'001) == "86400.000001\n");
    CHECK(one("lxc_memory", {}, {{"usage_bytes", std::int64_t{9'223'372'036'854'775'807}}}) ==
          "lxc_memory_usage_bytes 9223372036854775807\n");
}
