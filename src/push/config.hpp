// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "app/collect_settings.hpp"
#include "app/log_settings.hpp"
#include "deliver/settings.hpp"
#include "influx/settings.hpp"
#include "spool/settings.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace lxcmon::push {

/// Where points go, and where they wait for delivery.
struct DestinationSettings {
    std::vector<std::string> influx_urls; ///< empty: points go to the JSON file alone
    std::string influx_mode = "failover"; ///< or "all"
    influx::Settings influx;              ///< for each URL
    deliver::JsonFileSettings json_file{"/var/lib/lxcmon-push/lxcmon.jsonl"};
    bool wants_json_file = false; ///< its path is given: it is written beside servers, too
    deliver::CsvSettings csv{};   ///< beside the others
    deliver::QueueSettings queue{.limit_bytes = std::size_t{32} << 20U};
    spool::Settings spool{.folder = "/var/lib/lxcmon-push/spool"};
    std::chrono::nanoseconds send_jitter = std::chrono::seconds(1);
    std::size_t batch_lines = 5000;
    bool sends_lxd2influx = false; ///< the measurements of lxd2influx, too
    bool dry_run = false;          ///< line protocol on stdout
    bool prints_metrics = false;   ///< a dry run prints metrics for Prometheus instead

    /// True if points go to servers, through a spool; otherwise they go to a file or stdout.
    [[nodiscard]] bool has_server() const noexcept { return !dry_run && !influx_urls.empty(); }
    [[nodiscard]] bool has_json_file() const noexcept {
        return !dry_run && (influx_urls.empty() || wants_json_file);
    }
    /// A dry run changes no file.
    [[nodiscard]] bool has_csv() const noexcept { return !dry_run && !csv.folder.empty(); }

    [[nodiscard]] bool writes_to_stdout() const noexcept {
        return dry_run || (has_json_file() && json_file.path == "-");
    }
    /// True if the JSON file gets a snapshot for each tick, and no points.
    [[nodiscard]] bool has_snapshots() const noexcept { return has_json_file() && json_file.is_array; }

    friend bool operator==(const DestinationSettings&, const DestinationSettings&) = default;
};

/// Metrics for a Prometheus on this host, beside the points.
struct PrometheusSettings {
    std::string file;   ///< `-` is stdout; empty: none
    std::string listen; ///< address for the listener; empty: none

    friend bool operator==(const PrometheusSettings&, const PrometheusSettings&) = default;
};

/// The checked settings of lxcmon-push, merged from command line, environment and settings file.
/// Each member is the settings struct of one room.
struct Config {
    app::CollectSettings collect;
    DestinationSettings destinations;
    std::chrono::nanoseconds flush_interval{0}; ///< 0: at each tick
    app::LogSettings log;
    std::string config_file;
    bool allow_readable_secrets = false; ///< files with secrets that other users can read are accepted
    PrometheusSettings prometheus;

    /// A dry run changes no file.
    [[nodiscard]] bool has_metrics_file() const noexcept {
        return !prometheus.file.empty() && (!destinations.dry_run || prometheus.file == "-");
    }
    /// One sample ends before anybody could ask for it.
    [[nodiscard]] bool has_listener() const noexcept {
        return !prometheus.listen.empty() && !destinations.dry_run && !collect.once;
    }
    /// The points, or the metrics for Prometheus.
    [[nodiscard]] bool writes_to_stdout() const noexcept {
        return destinations.writes_to_stdout() || prometheus.file == "-";
    }
    /// True if each sample is made into text for Prometheus.
    [[nodiscard]] bool has_metrics_text() const noexcept { return has_metrics_file() || has_listener(); }

    friend bool operator==(const Config&, const Config&) = default;
};

} // namespace lxcmon::push
