// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/option_table.hpp"

#include "app/settings/globs.hpp"
#include "app/settings/values.hpp"
#include "influx/api.hpp"
#include "influx/options.hpp"
#include "push/local/options.hpp"
#include "text/bad_value.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace lxcmon::push {
namespace {

using C = Config;
using Value = const std::string&;
using Default = app::OptionDefault;

/// A smaller spool holds no batch, a smaller queue or file no point: "5" was meant with a unit.
constexpr std::uint64_t least_spool_bytes = std::uint64_t{16} * 1024;
constexpr std::uint64_t least_file_bytes = 1024;

std::string not_empty(Value value) {
    if (value.empty())
        throw text::BadValue{"is empty; expected a name or path"};
    return value;
}

/// A file or folder; only --json-file takes - for standard output.
std::string path_of(Value value) {
    if (value == "-")
        throw text::BadValue{"is not a path; expected one, or ./- for that name"};
    return not_empty(value);
}

void take_api(C& config, Value value) {
    config.destinations.influx.api = *influx::api_of_name(app::one_of(value, influx::api_names));
}

void take_interval(C& config, Value value) {
    config.collect.interval = app::parse_duration(value);
    if (config.collect.interval < std::chrono::milliseconds(100) ||
        config.collect.interval > std::chrono::hours(24))
        throw text::BadValue{"is out of range; expected 100ms to 24h"};
}

void take_lxcpath(C& config, Value value) {
    std::string path = app::clean_path(value);
    if (!path.starts_with('/')) // empty, or -
        throw text::BadValue{"is not a folder of containers; expected a path, for example /var/lib/lxc"};
    if (std::ranges::find(config.collect.discover.lxcpaths, path) == config.collect.discover.lxcpaths.end())
        config.collect.discover.lxcpaths.push_back(std::move(path));
}

constexpr auto levels =
    std::to_array<std::string_view>({"trace", "debug", "info", "warn", "error", "critical", "off"});
constexpr auto modes = std::to_array<std::string_view>({"failover", "all"});
constexpr auto schemas = std::to_array<std::string_view>({"lxcmon", "lxd2influx"});
constexpr auto log_formats = std::to_array<std::string_view>({"text", "json"});
constexpr auto switches = std::to_array<std::string_view>({"on", "off"});

constexpr app::OptionValue level{"LEVEL", levels};
constexpr app::OptionValue mode{"MODE", modes};
constexpr app::OptionValue api{"API", influx::api_names};
constexpr app::OptionValue schema{"SCHEMA", schemas};
constexpr app::OptionValue log_format{"FORMAT", log_formats};
constexpr app::OptionValue on_off{"SWITCH", switches};

constexpr std::string_view influx_group = "InfluxDB";
constexpr std::string_view spool_group = "Spool";
constexpr std::string_view sampling_group = "Sampling";
constexpr std::string_view operation_group = "Operation";
constexpr std::string_view log_group = "Log";

constexpr auto option_rows = std::to_array<OptionRow>({
    {{influx_group, "influx-url", "URL", Default("", "http://influx.example:8086"),
      "Server to send the points to: http, https or unix:///PATH; without it they go to the JSON file; "
      "repeatable",
      true, "INFLUX_URL"},
     [](C& c, Value v) { influx::add_url(c.destinations.influx_urls, v); }},
    {{influx_group, "influx-mode", mode, "failover",
      "With several servers: failover (if one fails, use the next) or all (send everything to each)"},
     [](C& c, Value v) { c.destinations.influx_mode = app::one_of(v, mode.choices); }},
    {{influx_group, "influx-api", api, "auto",
      "Write API: v1, v2, v3, or auto (v2 if a bucket is given, otherwise ask the server)"},
     &take_api},
    {{influx_group, "influx-db", "NAME", "lxc", "Database (InfluxDB 1.x and 3.x)"},
     [](C& c, Value v) { c.destinations.influx.database = not_empty(v); }},
    {{influx_group, "influx-rp", "NAME", Default("the database's", "week"),
      "Retention policy (InfluxDB 1.x)"},
     [](C& c, Value v) { c.destinations.influx.retention_policy = not_empty(v); }},
    {{influx_group, "influx-create-db", on_off, "on", "on or off: create a missing database (1.x)"},
     [](C& c, Value v) { c.destinations.influx.create_database = app::parse_flag(v); }},
    {{influx_group, "influx-user", "NAME", Default("", "lxcmon"), "User (InfluxDB 1.x)"},
     [](C& c, Value v) { c.destinations.influx.http.user = v; }},
    {{influx_group,
      "influx-password-file",
      "FILE",
      Default("/etc/lxcmon/credentials/password", "/etc/lxcmon/password"),
      "File with the user's password in its first line",
      false,
      {},
      "password",
      false,
      app::Secret::file},
     [](C& c, Value v) {
         c.destinations.influx.http.password = app::read_secret(v, app::SecretCharacters::utf8);
     }},
    {{influx_group, "influx-token-file", "FILE",
      Default("/etc/lxcmon/credentials/token", "/etc/lxcmon/token"),
      "File with the API token (2.x, 3.x) in its first line; INFLUX_TOKEN contains the token itself", false,
      "INFLUX_TOKEN", "token", false, app::Secret::file},
     [](C& c, Value v) { c.destinations.influx.token = app::read_secret(v, app::SecretCharacters::ascii); },
     [](C& c, Value v) { c.destinations.influx.token = app::clean_secret(v, app::SecretCharacters::ascii); }},
    {{influx_group, "influx-org", "NAME", Default("", "example"), "Organization (2.x)", false, "INFLUX_ORG"},
     [](C& c, Value v) { c.destinations.influx.org = v; }},
    {{influx_group, "influx-bucket", "NAME", Default("", "lxc"),
      "Bucket (2.x), instead of a database; selects the v2 write API", false, "INFLUX_BUCKET"},
     [](C& c, Value v) { c.destinations.influx.bucket = v; }},
    {{influx_group, "schema", schema, "lxcmon",
      "Measurements to send: lxcmon, or lxd2influx: also cpu, memory, network and disk of lxd2influx"},
     [](C& c, Value v) { c.destinations.sends_lxd2influx = app::one_of(v, schema.choices) == "lxd2influx"; }},
    {{influx_group, "influx-gzip", on_off, "on", "on or off: compress requests"},
     [](C& c, Value v) { c.destinations.influx.gzip = app::parse_flag(v); }},
    {{influx_group,
      "influx-header",
      "HEADER",
      Default("", "X-Scope-OrgID: tenant"),
      "Header 'Name: value' added to each request; its value is not logged; repeatable",
      true,
      {},
      {},
      false,
      app::Secret::value},
     [](C& c, Value v) { influx::add_header(c.destinations.influx, v); }},
    {{influx_group, "influx-proxy", "URL",
      Default("http_proxy, https_proxy, no_proxy", "http://proxy.example:3128"),
      "Proxy for the connection to the server: http, https or socks5"},
     [](C& c, Value v) { influx::set_proxy(c.destinations.influx, v); }},
    {{influx_group, "tls-ca", "PEM", Default("the system's", "/etc/lxcmon/ca.pem"),
      "CA certificates to trust instead of the system's: a file or a folder of files"},
     [](C& c, Value v) { influx::set_tls_ca(c.destinations.influx, v); }},
    {{influx_group, "tls-cert", "PEM", Default("", "/etc/lxcmon/client.pem"),
      "Client certificate, if the server requires one"},
     [](C& c, Value v) { influx::set_tls_cert(c.destinations.influx, v); }},
    {{influx_group,
      "tls-key",
      "PEM",
      Default("in --tls-cert", "/etc/lxcmon/client.key"),
      "Private key of the client certificate",
      false,
      {},
      {},
      false,
      app::Secret::file},
     [](C& c, Value v) { influx::set_tls_key(c.destinations.influx, v); }},
    {{influx_group, "tls-insecure", "", "", "Do not verify the certificate of the server; for tests only"},
     [](C& c, Value v) { c.destinations.influx.http.tls.insecure = app::parse_flag(v); }},
    {{influx_group, "batch-size", "LINES", "5000", "Maximum number of points in one request"},
     [](C& c, Value v) { c.destinations.batch_lines = app::parse_count(v, 1, 5000); }},
    {{influx_group, "flush-interval", "DURATION", Default("each tick", "30s"),
      "Time to collect points before they are sent"},
     [](C& c, Value v) { c.flush_interval = app::parse_duration(v); }},
    {{influx_group, "queue-max-size", "SIZE", "32MiB",
      "Memory for points that are neither delivered nor in the spool; when full, the oldest are dropped"},
     [](C& c, Value v) { c.destinations.queue.limit_bytes = app::parse_size(v, least_file_bytes); }},
    {{influx_group, "send-jitter", "DURATION", "1s",
      "Spreads the requests of many hosts over this time after a tick; at most a quarter of the interval"},
     [](C& c, Value v) { c.destinations.send_jitter = app::parse_duration(v); }},
    {{spool_group, "spool-dir", "PATH", "/var/lib/lxcmon-push/spool",
      "Folder for points that are not delivered yet; used by one agent at a time"},
     [](C& c, Value v) { c.destinations.spool.folder = app::clean_path(path_of(v)); }},
    {{spool_group, "spool-max-size", "SIZE", "1GiB",
      "Maximum size of the spool; when full, the oldest points are dropped"},
     [](C& c, Value v) { c.destinations.spool.max_bytes = app::parse_size(v, least_spool_bytes); }},
    {{spool_group, "spool-max-age", "DURATION", "7d",
      "Maximum age of points in the spool; older points are dropped"},
     [](C& c, Value v) { c.destinations.spool.max_age = app::parse_duration(v, std::chrono::seconds(1)); }},
    {{spool_group, "spool-rate", "LINES", "10000",
      "Points a second sent from the spool, in addition to new points"},
     [](C& c, Value v) { c.destinations.queue.backlog_rate = app::parse_count(v, 1, 10'000'000); }},
    {{sampling_group, "lxcpath", "PATH", Default("liblxc's, LXD's, Incus's", "/var/lib/lxc"),
      "Folder of containers; repeatable", true},
     &take_lxcpath},
    {{sampling_group, "include", "GLOB", Default("all", "web*"),
      "Only containers with a matching name, or host name on Proxmox VE; repeatable", true},
     [](C& c, Value v) { c.collect.discover.include.push_back(app::container_glob(v)); }},
    {{sampling_group, "exclude", "GLOB", Default("none", "test-*"),
      "No containers with a matching name, or host name on Proxmox VE; repeatable", true},
     [](C& c, Value v) { c.collect.discover.exclude.push_back(app::container_glob(v)); }},
    {{sampling_group, "tag", "KEY=VALUE", Default("", "site=berlin"), "Tag added to every point; repeatable",
      true},
     [](C& c, Value v) { c.collect.sample.tags.user.push_back(app::parse_tag(v)); }},
    {{sampling_group, "host", "NAME", Default("the host's name", "node1"), "Value of the tag host"},
     [](C& c, Value v) { c.collect.sample.tags.host = not_empty(v); }},
    {{sampling_group, "metrics", "GLOB", Default("all but lxc_socket, lxc_process", "+lxc_socket"),
      "Measurements or fields (lxc_memory.*_bytes) to send; +GLOB adds to the default, !GLOB removes; "
      "repeatable",
      true},
     [](C& c, Value v) { app::add_metrics_glob(v, c.collect.metrics); }},
    {{sampling_group, "no-host", "", "", "Do not sample the host itself (host_*)"},
     [](C& c, Value v) { c.collect.sample_host = !app::parse_flag(v); }},
    {{sampling_group, "fs-include", "GLOB", Default("", "nfs*"),
      "Filesystems to add to the default, by mount point (/...) or type, for example network filesystems "
      "and FUSE; repeatable",
      true},
     [](C& c, Value v) { c.collect.sample.fs_include.push_back(app::filesystem_glob(v)); }},
    {{sampling_group, "fs-exclude", "GLOB", Default("", "/mnt/backup*"),
      "Filesystems to leave out, by mount point (/...) or type; repeatable", true},
     [](C& c, Value v) { c.collect.sample.fs_exclude.push_back(app::filesystem_glob(v)); }},
    {{sampling_group, "fs-interval", "DURATION", "60s", "Time between two samples of a filesystem"},
     [](C& c, Value v) { c.collect.sample.fs_interval = app::parse_duration(v); }},
    {{sampling_group, "net-loopback", "", "", "Also sample the interface lo"},
     [](C& c, Value v) { c.collect.sample.net_loopback = app::parse_flag(v); }},
    {{sampling_group, "net-include", "GLOB", Default("", "veth*"),
      "Interfaces of containers to add to the default, for example the inner ends of veth pairs; repeatable",
      true},
     [](C& c, Value v) { c.collect.sample.net_globs.include.push_back(app::interface_glob(v)); }},
    {{sampling_group, "net-exclude", "GLOB", Default("", "docker*"),
      "Interfaces of containers and the host to leave out; repeatable", true},
     [](C& c, Value v) { c.collect.sample.net_globs.exclude.push_back(app::interface_glob(v)); }},
    {{sampling_group, "io-include", "GLOB", Default("", "loop*"),
      "Block devices of the host to add to the default: partitions, loop, ram and zram devices; repeatable",
      true},
     [](C& c, Value v) { c.collect.sample.io_globs.include.push_back(app::device_glob(v)); }},
    {{sampling_group, "io-exclude", "GLOB", Default("", "sr*"),
      "Block devices of containers and the host to leave out; repeatable", true},
     [](C& c, Value v) { c.collect.sample.io_globs.exclude.push_back(app::device_glob(v)); }},
    {{sampling_group, "top-commands", "COUNT", "5",
      "Number of the busiest commands of each container in lxc_process"},
     [](C& c, Value v) { c.collect.sample.top_commands = app::parse_count(v, 1, 1000); }},
    {{operation_group, "interval", "DURATION", "10s", "Time between two samples: 10s, 500ms, 1m"},
     &take_interval},
    {{operation_group, "once", "", "", "Take one sample, deliver it and exit", false, {}, {}, true},
     [](C& c, Value v) { c.collect.once = app::parse_flag(v); }},
    {{operation_group,
      "dry-run",
      "",
      "",
      "Print line protocol on standard output and send nothing",
      false,
      {},
      {},
      true},
     [](C& c, Value v) { c.destinations.dry_run = app::parse_flag(v); }},
    {{operation_group,
      "config",
      "FILE",
      "/etc/lxcmon/lxcmon-push.toml",
      "Settings file (TOML), with the long option names as keys; the default file may be missing",
      false,
      {},
      {},
      true},
     [](C& c, Value v) { c.config_file = not_empty(v); }},
    {{operation_group, "allow-readable-secrets", "", "",
      "Accept files with a secret (token, password, header, key) that other users can read"},
     [](C& c, Value v) { c.allow_readable_secrets = app::parse_flag(v); }},
    {{log_group, "log-level", level, "info", "trace, debug, info, warn, error, critical or off"},
     [](C& c, Value v) { c.log.level = app::one_of(v, level.choices); }},
    {{log_group, "log-format", log_format, "text", "text or json"},
     [](C& c, Value v) { c.log.format = app::one_of(v, log_format.choices); }},
    {{log_group, "log-file", "PATH", Default("standard error", "/var/log/lxcmon-push/lxcmon-push.log"),
      "Log file"},
     [](C& c, Value v) { c.log.file = path_of(v); }},
    {{log_group, "log-max-size", "SIZE", "10MiB", "Size at which the log file is rotated"},
     [](C& c, Value v) { c.log.max_bytes = app::parse_size(v, least_file_bytes); }},
    {{log_group, "log-keep", "COUNT", "3", "Number of rotated log files to keep"},
     [](C& c, Value v) { c.log.keep = static_cast<unsigned>(app::parse_count(v, 0, 1000)); }},
});

} // namespace

std::span<const OptionRow> option_table() noexcept {
    static const std::vector<OptionRow> table = [] {
        std::vector<OptionRow> joined(option_rows.begin(), option_rows.end());
        const auto after_spool = std::ranges::find(joined, sampling_group, &OptionRow::group);
        joined.insert(after_spool, local_options().begin(), local_options().end());
        return joined;
    }();
    return table;
}

} // namespace lxcmon::push
