#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace lxcmon::push {

/// The settings, as they are after command line, environment and file have been put together and checked.
struct Config {
    std::vector<std::string> influx_urls; ///< empty: the JSON file is the sink
    std::string influx_mode = "failover"; ///< or "all"
    std::string influx_api = "auto";      ///< or "v1", "v2", "v3"
    std::string influx_db = "lxc";
    std::string influx_user;
    std::string influx_password; ///< secret: never printed
    std::string influx_token;    ///< secret: never printed
    std::string influx_org;
    std::string influx_bucket; ///< not empty: the v2 write API
    std::string influx_retention_policy;
    bool influx_gzip = true;
    bool influx_create_db = true;
    std::vector<std::string> influx_headers; ///< "Name: value"; secret: never printed
    std::string influx_proxy;
    std::string tls_ca, tls_cert, tls_key; ///< paths
    bool tls_insecure = false;
    std::string json_file = "/var/lib/lxcmon-push/lxcmon.jsonl";
    std::uint64_t json_max_bytes = 64U << 20U;
    unsigned json_keep = 5;
    std::uint64_t queue_max_bytes = 32U << 20U;
    std::string spool_dir = "/var/lib/lxcmon-push/spool";
    std::uint64_t spool_max_bytes = std::uint64_t{1} << 30U;
    std::chrono::nanoseconds spool_max_age = std::chrono::hours(7 * 24);
    std::uint64_t spool_rate = 10'000; ///< points a second sent from the spool
    std::chrono::nanoseconds send_jitter = std::chrono::seconds(1);
    std::size_t batch_lines = 5000;
    std::chrono::nanoseconds flush_interval{0}; ///< 0: with each tick

    std::chrono::nanoseconds interval = std::chrono::seconds(10);
    std::vector<std::string> lxcpaths;
    std::vector<std::string> include, exclude;
    std::vector<std::pair<std::string, std::string>> tags;
    std::string host;
    std::vector<std::string> metrics; ///< patterns of Selection::of()
    std::vector<std::string> fs_include, fs_exclude;
    std::chrono::nanoseconds fs_interval = std::chrono::seconds(60);
    std::size_t top_commands = 5;
    bool sample_host = true;
    bool net_loopback = false;
    bool once = false;
    bool dry_run = false;

    std::string config_file;
    std::string log_level = "info";
    std::string log_format = "text";
    std::string log_file;
    std::uint64_t log_max_bytes = 10U << 20U;
    unsigned log_keep = 3;

    /// Points go to servers, and so through a spool; else to a file or stdout.
    [[nodiscard]] bool has_server() const noexcept { return !dry_run && !influx_urls.empty(); }

    friend bool operator==(const Config&, const Config&) = default;
};

} // namespace lxcmon::push
