#include "push/option_table.hpp"

#include "app/settings/values.hpp"
#include "influx/api.hpp"
#include "influx/options.hpp"
#include "model/selection.hpp"
#include "text/bad_value.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace lxcmon::push {
namespace {

using C = Config;
using Value = const std::string&;
using Default = app::OptionDefault;

std::string not_empty(Value value) {
    if (value.empty())
        throw text::BadValue{"is empty; expected a name"};
    return value;
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

/// Absolute and as liblxc names it: its monitors are found by the path's very text.
void take_lxcpath(C& config, Value value) {
    std::string path = value;
    while (path.size() > 1 && path.back() == '/')
        path.pop_back();
    if (!path.starts_with('/'))
        throw text::BadValue{"is not a folder of containers; expected an absolute path such as /var/lib/lxc"};
    if (std::ranges::find(config.collect.discover.lxcpaths, path) == config.collect.discover.lxcpaths.end())
        config.collect.discover.lxcpaths.push_back(std::move(path));
}

void take_spool_dir(C& config, Value value) {
    if (!value.starts_with('/'))
        throw text::BadValue{"is not a folder for the spool; expected an absolute path"};
    config.destinations.spool.folder = value;
}

void take_metrics(C& config, Value value) {
    config.collect.metrics.push_back(value);
    try {
        static_cast<void>(Selection::of(config.collect.metrics));
    } catch (const std::invalid_argument&) {
        throw text::BadValue{
            "names no measurement and no field; expected for example lxc_cpu, lxc_memory.*_bytes, "
            "+lxc_socket or !host_*; lxcmon-push fields lists them"};
    }
}

constexpr auto levels =
    std::to_array<std::string_view>({"trace", "debug", "info", "warn", "error", "critical", "off"});
constexpr auto modes = std::to_array<std::string_view>({"failover", "all"});
constexpr auto log_formats = std::to_array<std::string_view>({"text", "json"});
constexpr auto switches = std::to_array<std::string_view>({"on", "off"});

constexpr app::OptionValue level{"LEVEL", levels};
constexpr app::OptionValue mode{"MODE", modes};
constexpr app::OptionValue api{"API", influx::api_names};
constexpr app::OptionValue log_format{"FORMAT", log_formats};
constexpr app::OptionValue on_off{"SWITCH", switches};

constexpr std::string_view influx = "InfluxDB";
constexpr std::string_view spool = "Spool";
constexpr std::string_view file = "JSON file";
constexpr std::string_view what = "What is sampled";
constexpr std::string_view run = "How it runs";
constexpr std::string_view log = "Log";

constexpr auto table = std::to_array<OptionRow>({
    {{influx, "influx-url", "URL", Default("", "http://influx.example:8086"),
      "Server that the points go to, http, https or unix:///PATH; without it they go to the JSON file; may "
      "be "
      "given several times",
      true, "INFLUX_URL"},
     [](C& c, Value v) { influx::add_url(c.destinations.influx_urls, v); }},
    {{influx, "influx-mode", mode, "failover",
      "With several servers: failover (the next where one fails) or all (each gets everything)"},
     [](C& c, Value v) { c.destinations.influx_mode = app::one_of(v, mode.choices); }},
    {{influx, "influx-api", api, "auto",
      "Write API: v1, v2, v3, or auto: v2 where a bucket is given, else the server is asked"},
     &take_api},
    {{influx, "influx-db", "NAME", "lxc", "Database (InfluxDB 1.x and 3.x)"},
     [](C& c, Value v) { c.destinations.influx.database = not_empty(v); }},
    {{influx, "influx-rp", "NAME", Default("the database's", "week"), "Retention policy (InfluxDB 1.x)"},
     [](C& c, Value v) { c.destinations.influx.retention_policy = not_empty(v); }},
    {{influx, "influx-create-db", on_off, "on", "on or off: make the database (1.x) when it is missing"},
     [](C& c, Value v) { c.destinations.influx.create_database = app::parse_flag(v); }},
    {{influx, "influx-user", "NAME", Default("", "lxcmon"), "User (InfluxDB 1.x)"},
     [](C& c, Value v) { c.destinations.influx.user = v; }},
    {{influx,
      "influx-password-file",
      "FILE",
      Default("/etc/lxcmon/credentials/password", "/etc/lxcmon/password"),
      "File whose first line is the user's password",
      false,
      {},
      "password"},
     [](C& c, Value v) { c.destinations.influx.password = app::read_secret(v); }},
    {{influx, "influx-token-file", "FILE", Default("/etc/lxcmon/credentials/token", "/etc/lxcmon/token"),
      "File whose first line is the API token (2.x, 3.x); INFLUX_TOKEN holds the token itself", false,
      "INFLUX_TOKEN", "token"},
     [](C& c, Value v) { c.destinations.influx.token = app::read_secret(v); },
     [](C& c, Value v) { c.destinations.influx.token = v; }},
    {{influx, "influx-org", "NAME", Default("", "example"), "Organization (2.x)", false, "INFLUX_ORG"},
     [](C& c, Value v) { c.destinations.influx.org = v; }},
    {{influx, "influx-bucket", "NAME", Default("", "lxc"),
      "Bucket (2.x): the v2 write API is used instead of a database", false, "INFLUX_BUCKET"},
     [](C& c, Value v) { c.destinations.influx.bucket = v; }},
    {{influx, "influx-gzip", on_off, "on", "on or off: compress what is sent"},
     [](C& c, Value v) { c.destinations.influx.gzip = app::parse_flag(v); }},
    {{influx, "influx-header", "HEADER", Default("", "X-Scope-OrgID: tenant"),
      "Header 'Name: value' of each request; its value is kept out of the log; may be given several times",
      true},
     [](C& c, Value v) { influx::add_header(c.destinations.influx, v); }},
    {{influx, "influx-proxy", "URL",
      Default("http_proxy, https_proxy, no_proxy", "http://proxy.example:3128"),
      "Proxy to the server: http, https or socks5"},
     [](C& c, Value v) { influx::set_proxy(c.destinations.influx, v); }},
    {{influx, "tls-ca", "PEM", Default("the system's", "/etc/lxcmon/ca.pem"),
      "Certificates that are trusted in place of the system's: a file or a folder of files"},
     [](C& c, Value v) { influx::set_tls_ca(c.destinations.influx, v); }},
    {{influx, "tls-cert", "PEM", Default("", "/etc/lxcmon/client.pem"),
      "Our certificate, for a server that wants one"},
     [](C& c, Value v) { influx::set_tls_cert(c.destinations.influx, v); }},
    {{influx, "tls-key", "PEM", Default("in --tls-cert", "/etc/lxcmon/client.key"), "Its private key"},
     [](C& c, Value v) { influx::set_tls_key(c.destinations.influx, v); }},
    {{influx, "tls-insecure", "", "", "Believe whoever answers; for tests only"},
     [](C& c, Value v) { c.destinations.influx.tls.insecure = app::parse_flag(v); }},
    {{influx, "batch-size", "LINES", "5000", "Most points in one request"},
     [](C& c, Value v) { c.destinations.batch_lines = app::parse_count(v, 1, 5000); }},
    {{influx, "flush-interval", "DURATION", Default("each tick", "30s"),
      "How long points are gathered before they are sent"},
     [](C& c, Value v) { c.flush_interval = app::parse_duration(v); }},
    {{influx, "queue-max-size", "SIZE", "32MiB",
      "Memory for points that are neither delivered nor in the spool; beyond it the oldest are dropped"},
     [](C& c, Value v) { c.destinations.queue.limit_bytes = app::parse_size(v); }},
    {{influx, "send-jitter", "DURATION", "1s",
      "Each host sends at its own moment within so long after the tick; at most a quarter of the interval"},
     [](C& c, Value v) { c.destinations.send_jitter = app::parse_duration(v); }},
    {{spool, "spool-dir", "PATH", "/var/lib/lxcmon-push/spool",
      "Folder for the points that the server has not taken yet; one agent at a time"},
     &take_spool_dir},
    {{spool, "spool-max-size", "SIZE", "1GiB", "Most bytes in it; beyond them the oldest are dropped"},
     [](C& c, Value v) { c.destinations.spool.max_bytes = app::parse_size(v); }},
    {{spool, "spool-max-age", "DURATION", "7d", "Age at which points in it are dropped"},
     [](C& c, Value v) { c.destinations.spool.max_age = app::parse_duration(v); }},
    {{spool, "spool-rate", "LINES", "10000", "Points a second sent from it, beside those just sampled"},
     [](C& c, Value v) { c.destinations.queue.backlog_rate = app::parse_count(v, 1, 10'000'000); }},
    {{file, "json-file", "PATH", "/var/lib/lxcmon-push/lxcmon.jsonl",
      "File for the points where no server is given; - is standard output"},
     [](C& c, Value v) { c.destinations.json_file.path = not_empty(v); }},
    {{file, "json-max-size", "SIZE", "64MiB", "Size at which that file is rotated"},
     [](C& c, Value v) { c.destinations.json_file.max_bytes = app::parse_size(v); }},
    {{file, "json-keep", "COUNT", "5", "Rotated files that are kept"},
     [](C& c,
        Value v) { c.destinations.json_file.kept = static_cast<unsigned>(app::parse_count(v, 0, 1000)); }},
    {{what, "lxcpath", "PATH", Default("liblxc's, LXD's, Incus's", "/var/lib/lxc"),
      "Folder of containers; may be given several times", true},
     &take_lxcpath},
    {{what, "include", "GLOB", Default("all", "web*"),
      "Only containers with such a name; may be given several times", true},
     [](C& c, Value v) { c.collect.discover.include.push_back(not_empty(v)); }},
    {{what, "exclude", "GLOB", Default("none", "test-*"),
      "No containers with such a name; may be given several times", true},
     [](C& c, Value v) { c.collect.discover.exclude.push_back(not_empty(v)); }},
    {{what, "tag", "KEY=VALUE", Default("", "site=berlin"),
      "Tag that every point gets; may be given several times", true},
     [](C& c, Value v) { c.collect.sample.tags.user.push_back(app::parse_tag(v)); }},
    {{what, "host", "NAME", Default("the host's name", "node1"), "Value of the tag host"},
     [](C& c, Value v) { c.collect.sample.tags.host = not_empty(v); }},
    {{what, "metrics", "GLOB", Default("all but lxc_socket, lxc_process", "+lxc_socket"),
      "Measurements or fields (lxc_memory.*_bytes) that are sent; +GLOB adds to the default, !GLOB takes "
      "away; may be given several times",
      true},
     &take_metrics},
    {{what, "no-host", "", "", "No figures of the host itself (host_*)"},
     [](C& c, Value v) { c.collect.sample_host = !app::parse_flag(v); }},
    {{what, "fs-include", "GLOB", Default("", "nfs*"),
      "Filesystems of such a mount point (/...) or type even where they are left out by default (network, "
      "FUSE, ...); may be given several times",
      true},
     [](C& c, Value v) { c.collect.sample.fs_include.push_back(not_empty(v)); }},
    {{what, "fs-exclude", "GLOB", Default("", "/mnt/backup*"),
      "No filesystems of such a mount point (/...) or type; may be given several times", true},
     [](C& c, Value v) { c.collect.sample.fs_exclude.push_back(not_empty(v)); }},
    {{what, "fs-interval", "DURATION", "60s", "Time between two looks at a filesystem"},
     [](C& c, Value v) { c.collect.sample.fs_interval = app::parse_duration(v); }},
    {{what, "net-loopback", "", "", "The interface lo, too"},
     [](C& c, Value v) { c.collect.sample.net_loopback = app::parse_flag(v); }},
    {{what, "top-commands", "COUNT", "5", "Commands of each container in lxc_process, the busiest ones"},
     [](C& c, Value v) { c.collect.sample.top_commands = app::parse_count(v, 1, 1000); }},
    {{run, "interval", "DURATION", "10s", "Time between two samples: 10s, 500ms, 1m"}, &take_interval},
    {{run, "once", "", "", "Take one sample, deliver it and end", false, {}, {}, true},
     [](C& c, Value v) { c.collect.once = app::parse_flag(v); }},
    {{run, "dry-run", "", "", "Print line protocol on standard output and send nothing", false, {}, {}, true},
     [](C& c, Value v) { c.destinations.dry_run = app::parse_flag(v); }},
    {{run,
      "config",
      "FILE",
      "/etc/lxcmon/lxcmon-push.toml",
      "Settings in TOML, with the long options as keys; the default may be missing",
      false,
      {},
      {},
      true},
     [](C& c, Value v) { c.config_file = not_empty(v); }},
    {{log, "log-level", level, "info", "trace, debug, info, warn, error, critical or off"},
     [](C& c, Value v) { c.log.level = app::one_of(v, level.choices); }},
    {{log, "log-format", log_format, "text", "text or json"},
     [](C& c, Value v) { c.log.format = app::one_of(v, log_format.choices); }},
    {{log, "log-file", "PATH", Default("standard error", "/var/log/lxcmon-push/lxcmon-push.log"),
      "File that the log goes to"},
     [](C& c, Value v) { c.log.file = not_empty(v); }},
    {{log, "log-max-size", "SIZE", "10MiB", "Size at which that file is rotated"},
     [](C& c, Value v) { c.log.max_bytes = app::parse_size(v); }},
    {{log, "log-keep", "COUNT", "3", "Rotated log files that are kept"},
     [](C& c, Value v) { c.log.keep = static_cast<unsigned>(app::parse_count(v, 0, 1000)); }},
});

} // namespace

std::span<const OptionRow> option_table() noexcept {
    return table;
}

} // namespace lxcmon::push
