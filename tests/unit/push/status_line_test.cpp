// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/status_line.hpp"

#include <doctest/doctest.h>

using namespace lxcmon;
using namespace lxcmon::push;

namespace {

/// A day and hour of January 2026, local time.
std::time_t at(int day, int hour) {
    std::tm local{};
    local.tm_year = 126;
    local.tm_mday = day;
    local.tm_hour = hour;
    local.tm_isdst = -1;
    return std::mktime(&local);
}

DestinationSettings with_server() {
    DestinationSettings config;
    config.influx_urls = {"http://influx"};
    return config;
}

} // namespace

TEST_CASE("the status with a server shows the last delivery, the spool and the problem") {
    const DestinationSettings config = with_server();
    deliver::Target::Status delivery;
    CHECK(status_line(config, 0, 0, delivery, at(2, 13)) ==
          "0 containers; nothing delivered yet; spool empty");
    delivery.counts.delivered_at = at(2, 12);
    CHECK(status_line(config, 1, 0, delivery, at(2, 13)) ==
          "1 container; last delivery 12:00:00; spool empty");
    delivery.spool_points = 345;
    delivery.trouble = "http://influx: connection refused";
    CHECK(status_line(config, 42, 2, delivery, at(3, 11)) ==
          "42 containers (2 incomplete, see the log); last delivery 2026-01-02 12:00:00; 345 points in the "
          "spool; http://influx: connection refused");
}

TEST_CASE("the status without a server shows the output") {
    DestinationSettings config;
    deliver::Target::Status delivery;
    delivery.counts.delivered_at = at(2, 12);
    CHECK(status_line(config, 2, 0, delivery, at(2, 13)) ==
          "2 containers; writing /var/lib/lxcmon-push/lxcmon.jsonl (no --influx-url)");
    config.json_file.path = "-";
    delivery.trouble = "stdout: No space left on device";
    CHECK(status_line(config, 2, 0, delivery, at(2, 13)) ==
          "2 containers; writing to standard output (no --influx-url); stdout: No space left on device");
    config = with_server();
    config.dry_run = true;
    CHECK(status_line(config, 2, 0, {}, at(2, 13)) == "2 containers; printing (--dry-run)");
}
