// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/local/options.hpp"

#include "unit/push/parsed.hpp"

#include <doctest/doctest.h>

using namespace lxcmon;
using namespace lxcmon::push;
using lxcmon::test::has_all;
using lxcmon::test::Parser;

TEST_CASE("metrics for Prometheus go to a file that node_exporter reads, or to stdout") {
    const Parser parser;
    CHECK(parser.config({"--openmetrics-file=/x/lxcmon.prom"}).prometheus.file == "/x/lxcmon.prom");
    CHECK(parser.config({"--openmetrics-file=-"}).prometheus.file == "-");
    for (const char* wrong : {"/etc/passwd", "/x/.prom", "/x/", "/x.prom/"}) {
        CAPTURE(std::string(wrong));
        CHECK(has_all(parser.error({std::string("--openmetrics-file=") + wrong}),
                      {"does not end in .prom", "lxcmon.prom"}));
    }
}

TEST_CASE("points and metrics are not both written to stdout") {
    const Parser parser;
    CHECK(has_all(parser.error({"--openmetrics-file=-", "--json-file=-"}),
                  {"both are standard output", "/dev/null"}));
    CHECK(has_all(parser.error({"--openmetrics-file=-", "--json-file=-", "--influx-url=http://a"}),
                  {"both are standard output", "/dev/null"}));
    const Config beside = parser.config({"--openmetrics-file=-", "--influx-url=http://a"});
    CHECK(beside.has_metrics_text());
    CHECK_FALSE(beside.destinations.prints_metrics);
}

TEST_CASE("a dry run writes no file of metrics, and prints metrics instead of points if asked") {
    const Parser parser;
    CHECK_FALSE(parser.config({"--dry-run", "--openmetrics-file=/x/lxcmon.prom"}).has_metrics_text());
    const Config printed = parser.config({"--dry-run", "--json-file=-", "--openmetrics-file=-"});
    CHECK(printed.has_metrics_text());
    CHECK(printed.destinations.prints_metrics);
    CHECK_FALSE(parser.config({}).has_metrics_text());
}

TEST_CASE("the listener has a loopback address, and is left out of a single sample") {
    const Parser parser;
    CHECK(parser.config({"--openmetrics-listen=[::1]:9105"}).has_listener());
    CHECK(
        has_all(parser.error({"--openmetrics-listen=0.0.0.0:9105"}),
                {"is no loopback address with a port", "127.0.0.1:9105", "unix:///", "--openmetrics-file"}));
    CHECK(
        has_all(parser.error({"--openmetrics-listen=localhost:9105"}), {"give the number: 127.0.0.1:9105"}));
    CHECK(parser.config({"--openmetrics-listen=unix:///run/x.sock"}).has_listener());
    CHECK_FALSE(parser.config({"--openmetrics-listen=127.0.0.1:9105", "--once"}).has_metrics_text());
    CHECK_FALSE(parser.config({"--openmetrics-listen=127.0.0.1:9105", "--dry-run"}).has_metrics_text());
}

TEST_CASE("CSV files: a folder, and what is kept; their columns are the fields that are sent") {
    const Parser parser;
    const Config config = parser.config(
        {"--csv-dir=/x/csv", "--csv-max-size=1MiB", "--csv-keep=0", "--metrics=lxc_pids.threads"});
    CHECK(config.destinations.csv.folder == "/x/csv");
    CHECK(config.destinations.csv.max_bytes == 1U << 20U);
    CHECK(config.destinations.csv.kept == 0);
    const bool has_sent_fields = config.destinations.csv.fields == config.collect.selection();
    CHECK(has_sent_fields);
    CHECK(config.destinations.has_csv());
    CHECK_FALSE(parser.config({"--csv-dir=/x", "--dry-run"}).destinations.has_csv());
    CHECK_FALSE(parser.config({}).destinations.has_csv());
    CHECK(
        has_all(parser.error({"--csv-dir=-"}), {"--csv-dir", "is not a folder", "/var/lib/lxcmon-push/csv"}));
    CHECK(has_all(parser.error({"--csv-max-size=5"}), {"--csv-max-size"}));
}

TEST_CASE("the JSON file is written without a server, and beside one if its path is given") {
    const Parser parser;
    CHECK(parser.config({}).destinations.has_json_file());
    CHECK_FALSE(parser.config({"--influx-url=http://a"}).destinations.has_json_file());
    const auto both = parser.config({"--influx-url=http://a", "--json-file=/j", "--json-layout=lxc-monitor",
                                     "--csv-dir=/x", "--openmetrics-listen=127.0.0.1:9105"});
    CHECK(both.destinations.has_server());
    CHECK(both.destinations.has_snapshots());
    CHECK(both.destinations.has_csv());
    CHECK(both.has_listener());
    CHECK_FALSE(both.destinations.writes_to_stdout());
    CHECK(parser.config({"--influx-url=http://a", "--json-file=-"}).destinations.writes_to_stdout());
    CHECK_FALSE(parser.config({"--dry-run", "--json-file=/j"}).destinations.has_json_file());
    CHECK(has_all(parser.error({"--influx-url=http://a", "--json-file=-", "--json-layout=lxc-monitor"}),
                  {"--json-layout", "grows in a file"}));
}
