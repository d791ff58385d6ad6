// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/import/lxc_monitor.hpp"

#include "unit/push/parsed.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace lxcmon;
using namespace lxcmon::push;
using lxcmon::test::has_all;
using lxcmon::test::Parser;

namespace {

std::string imported(const std::string& yaml) {
    return settings_of_lxc_monitor(read_yaml(yaml, "m.yaml"), "m.yaml");
}

std::string import_error(const std::string& yaml) {
    try {
        return "taken: " + imported(yaml);
    } catch (const app::BadSetting& error) {
        return error.what();
    }
}

constexpr const char* example = R"(
logging:
  log_file: "/var/log/lxc_monitor.log"
  log_max_bytes: 5242880  # 5 MB
  log_backup_count: 7
  log_level: "INFO"

monitoring:
  export_file: "/var/log/lxc_metrics.json"
  check_interval: 60  # seconds
  enable_swap: true
  enable_network: true
  enable_filesystem: true
  parallel_processing: true
  max_workers: 8
  excluded_devices: ['loop', 'dm-']
  retry_limit: 3
  retry_delay: 2
)";

} // namespace

TEST_CASE("the example of LXC Monitor becomes settings that the agent takes") {
    const std::string toml = imported(example);
    CHECK(toml == R"(# lxcmon-push import-config m.yaml
log-file = "/var/log/lxc_monitor.log"
log-max-size = "5MiB" # LXC Monitor ignores it and rotates at midnight
log-keep = "7"
log-level = "info"
json-layout = "lxc-monitor"
json-file = "/var/log/lxc_metrics.json"
interval = "60s"
io-exclude = ["loop*", "dm-*"]

# Without a counterpart:
#   monitoring.parallel_processing (line 14): not needed: no command runs in a container, and all of them take milliseconds in one thread
#   monitoring.max_workers (line 15): not needed: no command runs in a container, and all of them take milliseconds in one thread
#   monitoring.retry_limit (line 17): not needed: a value that can't be read is left out, and read again at the next interval
#   monitoring.retry_delay (line 18): not needed: a value that can't be read is left out, and read again at the next interval
)");
    const Parser parser;
    const Config config = parser.config_of_file(toml);
    CHECK(config.collect.interval == std::chrono::seconds(60));
    CHECK(config.log.max_bytes == 5U << 20U);
    CHECK(config.log.keep == 7);
    CHECK(config.destinations.has_snapshots());
    CHECK_FALSE(config.collect.sample.io_globs.wants("dm-1", true));
    CHECK(config.collect.sample.io_globs.wants("sda", true));
}

TEST_CASE("what is switched off is not sampled") {
    const Parser parser;
    const Config config = parser.config_of_file(
        imported("monitoring:\n  enable_swap: no\n  enable_network: false\n  enable_filesystem: off\n"));
    const Selection sent = config.collect.selection();
    CHECK_FALSE(sent.has_any(fields_of("lxc_net")));
    CHECK_FALSE(sent.has_any(fields_of("host_net"))); // the same lists of the kernel
    CHECK_FALSE(sent.has_any(fields_of("lxc_socket")));
    CHECK_FALSE(sent.has_any(fields_of("lxc_fs")));
    CHECK_FALSE(sent.has(field_id("lxc_memory", "swap_usage_bytes")));
    CHECK(sent.has(field_id("lxc_memory", "used_bytes")));
}

TEST_CASE("levels, sizes and names of devices are translated") {
    CHECK(has_all(imported("logging:\n  log_level: warning\n"), {"log-level = \"warn\""}));
    CHECK(has_all(imported("logging:\n  log_level: Critical\n"), {"log-level = \"critical\""}));
    CHECK(has_all(imported("logging:\n  log_max_bytes: 2048\n"), {"log-max-size = \"2KiB\""}));
    CHECK(has_all(imported("logging:\n  log_max_bytes: 5000000\n"), {"log-max-size = \"5000000\""}));
    CHECK(has_all(imported("monitoring:\n  check_interval: 0.5\n"), {"interval = \"0.5s\""}));
    CHECK(has_all(imported("monitoring:\n  excluded_devices: ['a*']\n"), {R"(io-exclude = ["a\\**"])"}));
    CHECK(has_all(imported("monitoring:\n  export_file: \"/a\\\"b\"\n"), {R"(json-file = "/a\"b")"}));
}

TEST_CASE("an unknown key is an error with its line and the nearest right name") {
    CHECK(import_error("logging:\n  log_level: INFO\nmonitoring:\n  check_intervall: 60\n") ==
          "lxcmon-push: m.yaml:4: monitoring.check_intervall: unknown key of LXC Monitor (did you mean "
          "monitoring.check_interval?)");
    CHECK(has_all(import_error("logging:\n  check_interval: 60\n"),
                  {"m.yaml:2: ", "did you mean monitoring.check_interval?"}));
    CHECK(has_all(import_error("foo:\n  zzzzzzzz: 60\n"),
                  {"m.yaml:2: foo.zzzzzzzz: unknown key of LXC Monitor"}));
    CHECK(has_all(import_error("a:\n  \"\\e[31m\": 1\n"), {"m.yaml:2: a._[31m: unknown key"}));
}

TEST_CASE("a value that does not fit is an error with its line") {
    CHECK(import_error("monitoring:\n  check_interval: 0\n") ==
          "lxcmon-push: m.yaml:2: monitoring.check_interval: '0' is out of range; expected 100ms to 24h");
    for (const char* wrong :
         {"monitoring:\n  check_interval: often\n", "monitoring:\n  check_interval:\n",
          "monitoring:\n  check_interval: [60]\n", "monitoring:\n  excluded_devices: loop\n",
          "monitoring:\n  enable_swap: maybe\n", "logging:\n  log_level: loud\n",
          "logging:\n  log_max_bytes: -1\n", "logging:\n  log_max_bytes: 5\n",
          "logging:\n  log_backup_count: many\n", "logging:\n  log_file: ''\n",
          "monitoring:\n  excluded_devices: ['a,b']\n", "monitoring:\n  export_file: ''\n"}) {
        CAPTURE(std::string(wrong));
        CHECK(has_all(import_error(wrong), {"m.yaml:2: ", "expected"}));
    }
    CHECK(has_all(import_error("# nothing\n"), {"m.yaml: has no setting; expected"}));
}
