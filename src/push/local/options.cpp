// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/local/options.hpp"

#include "app/settings/bad_setting.hpp"
#include "app/settings/values.hpp"
#include "expose/address.hpp"
#include "text/bad_value.hpp"

#include <array>
#include <string_view>

namespace lxcmon::push {
namespace {

constexpr std::string_view json_group = "JSON file";
constexpr std::string_view csv_group = "CSV files";
constexpr std::string_view prometheus_group = "Prometheus";

constexpr std::string_view metrics_file_end = ".prom";

/// A smaller file holds no point: "5" was meant with a unit.
constexpr std::uint64_t least_rotated_bytes = 1024;

void take_json_file(Config& config, const std::string& path) {
    if (path.empty())
        throw text::BadValue{"is empty; expected a path, or - for standard output"};
    config.destinations.json_file.path = path;
    config.destinations.wants_json_file = true;
}

constexpr auto layouts = std::to_array<std::string_view>({"lines", "lxc-monitor"});
constexpr app::OptionValue layout{"LAYOUT", layouts};

void take_json_layout(Config& config, const std::string& name) {
    config.destinations.json_file.is_array = app::one_of(name, layouts) == "lxc-monitor";
}

void take_csv_folder(Config& config, const std::string& path) {
    if (path.empty() || path == "-")
        throw text::BadValue{"is not a folder; expected a path, for example /var/lib/lxcmon-push/csv"};
    config.destinations.csv.folder = app::clean_path(path);
}

void take_openmetrics_file(Config& config, const std::string& path) {
    const std::string_view name = std::string_view(path).substr(path.rfind('/') + 1);
    if (path != "-" && (!name.ends_with(metrics_file_end) || name.size() == metrics_file_end.size()))
        throw text::BadValue{
            "does not end in .prom, and node_exporter reads no other file; expected for example "
            "/var/lib/prometheus/node-exporter/lxcmon.prom, or - for standard output"};
    config.prometheus.file = path;
}

void take_openmetrics_listen(Config& config, const std::string& address) {
    if (!expose::parse_local(address))
        throw text::BadValue{expose::why_not_local(address)};
    config.prometheus.listen = address;
}

constexpr auto local_rows = std::to_array<OptionRow>({
    {{json_group, "json-file", "PATH", app::OptionDefault("", "/var/lib/lxcmon-push/lxcmon.jsonl"),
      "File for the points, beside the server if there is one; without server and path it is "
      "/var/lib/lxcmon-push/lxcmon.jsonl; - is standard output"},
     &take_json_file},
    {{json_group, "json-layout", layout, "lines",
      "Layout of the JSON file: lines (a point each), or lxc-monitor (an array of snapshots, as LXC Monitor "
      "writes it)"},
     &take_json_layout},
    {{json_group, "json-max-size", "SIZE", "64MiB", "Size at which the JSON file is rotated"},
     [](Config& c, const std::string& v) {
         c.destinations.json_file.max_bytes = app::parse_size(v, least_rotated_bytes);
     }},
    {{json_group, "json-keep", "COUNT", "5", "Number of rotated JSON files to keep"},
     [](Config& c, const std::string& v) {
         c.destinations.json_file.kept = static_cast<unsigned>(app::parse_count(v, 0, 1000));
     }},
    {{csv_group, "csv-dir", "PATH", app::OptionDefault("", "/var/lib/lxcmon-push/csv"),
      "Folder for CSV files of the points, one for each measurement, beside the server and the JSON file"},
     &take_csv_folder},
    {{csv_group, "csv-max-size", "SIZE", "16MiB",
      "Size at which a CSV file is put aside and compressed, and a new one begins"},
     [](Config& c, const std::string& v) {
         c.destinations.csv.max_bytes = app::parse_size(v, least_rotated_bytes);
     }},
    {{csv_group, "csv-keep", "COUNT", "5", "Number of CSV files put aside to keep, of each measurement"},
     [](Config& c, const std::string& v) {
         c.destinations.csv.kept = static_cast<unsigned>(app::parse_count(v, 0, 1000));
     }},
    {{prometheus_group, "openmetrics-file", "PATH",
      app::OptionDefault("", "/var/lib/prometheus/node-exporter/lxcmon.prom"),
      "File for the metrics of the last sample, replaced at each sample, for node_exporter's textfile "
      "collector; "
      "beside the server; - is standard output"},
     &take_openmetrics_file},
    {{prometheus_group, "openmetrics-listen", "ADDRESS", app::OptionDefault("", "127.0.0.1:9105"),
      "Loopback address and port, or unix:///PATH of a socket, where a Prometheus or a proxy on this host "
      "gets the "
      "metrics of the last sample: GET /metrics"},
     &take_openmetrics_listen},
});

} // namespace

std::span<const OptionRow> local_options() noexcept {
    return local_rows;
}

void check_local_options(const Config& config) {
    const DestinationSettings& destinations = config.destinations;
    const bool prints_points = destinations.has_json_file() && destinations.json_file.path == "-";
    if (prints_points && destinations.json_file.is_array)
        throw app::BadSetting("lxcmon-push: --json-layout: lxc-monitor is an array that grows in a file, and "
                              "--json-file is standard output; expected a path, for example "
                              "/var/lib/lxcmon-push/lxc_metrics.json");
    if (prints_points && config.prometheus.file == "-")
        throw app::BadSetting(
            "lxcmon-push: --openmetrics-file and --json-file: both are standard output; expected a "
            "path for one of them, for example --json-file /dev/null");
}

} // namespace lxcmon::push
