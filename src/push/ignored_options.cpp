// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/ignored_options.hpp"

#include "influx/api.hpp"
#include "model/field_table.hpp"
#include "push/invocation.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace lxcmon::push {
namespace {

using influx::Api;

bool has_server(const Config& config) {
    return !config.destinations.influx_urls.empty();
}

bool uses_api(const Config& config, Api api) {
    return has_server(config) && influx::api_of_settings(config.destinations.influx) == api;
}

bool all_urls_begin(const Config& config, std::string_view begin) {
    return has_server(config) && std::ranges::all_of(config.destinations.influx_urls,
                                                     [&](const auto& url) { return url.starts_with(begin); });
}

bool samples_none(const Config& config, std::string_view one, std::string_view other) {
    const Selection sent = config.collect.selection();
    return !sent.has_any(find_fields(one)) && !sent.has_any(find_fields(other));
}

/// Options whose name begins with `begin` have no effect if `applies`. The first rule of an option is used.
struct Rule {
    std::string_view begin;
    bool (*applies)(const Config&);
    std::string_view reason;
};

constexpr std::string_view no_server = "without --influx-url the points go to the JSON file";
constexpr std::string_view no_json_file =
    "with --influx-url there is a JSON file only if --json-file gives its path";
constexpr std::string_view is_v2 = "the v2 write API has buckets, and no databases";
constexpr std::string_view no_csv = "without --csv-dir there are no CSV files";
constexpr std::string_view no_log_file = "without --log-file there is nothing to rotate";

constexpr auto rules = std::to_array<Rule>({
    {"influx-", [](const Config& c) { return !has_server(c); }, no_server},
    {"tls-", [](const Config& c) { return !has_server(c); }, no_server},
    {"spool-", [](const Config& c) { return !has_server(c); }, no_server},
    {"send-jitter", [](const Config& c) { return !has_server(c); }, no_server},
    {"json-", [](const Config& c) { return has_server(c) && !c.destinations.wants_json_file; }, no_json_file},
    {"json-max-size", [](const Config& c) { return c.destinations.json_file.path == "-"; },
     "standard output is not rotated"},
    {"json-keep", [](const Config& c) { return c.destinations.json_file.path == "-"; },
     "standard output is not rotated"},
    {"csv-max-size", [](const Config& c) { return c.destinations.csv.folder.empty(); }, no_csv},
    {"csv-keep", [](const Config& c) { return c.destinations.csv.folder.empty(); }, no_csv},
    {"influx-mode", [](const Config& c) { return c.destinations.influx_urls.size() == 1; },
     "there is only one server"},
    {"influx-db", [](const Config& c) { return uses_api(c, Api::v2); }, is_v2},
    {"influx-create-db", [](const Config& c) { return uses_api(c, Api::v2); }, is_v2},
    {"influx-create-db", [](const Config& c) { return uses_api(c, Api::v3); },
     "only a database of InfluxDB 1.x is created"},
    {"influx-org", [](const Config& c) { return !uses_api(c, Api::v2); },
     "only the v2 write API has organizations; it needs --influx-bucket"},
    {"tls-", [](const Config& c) { return all_urls_begin(c, "http://") || all_urls_begin(c, "unix:"); },
     "no server's URL begins with https://"},
    {"influx-proxy", [](const Config& c) { return all_urls_begin(c, "unix:"); },
     "a unix socket has no proxy"},
    {"openmetrics-listen", [](const Config& c) { return c.collect.once; }, "--once ends before it is asked"},
    {"log-max-size", [](const Config& c) { return c.log.file.empty(); }, no_log_file},
    {"log-keep", [](const Config& c) { return c.log.file.empty(); }, no_log_file},
    {"top-commands", [](const Config& c) { return samples_none(c, "lxc_process", "lxc_process"); },
     "lxc_process is not sent; add --metrics +lxc_process"},
    {"fs-", [](const Config& c) { return samples_none(c, "lxc_fs", "host_fs"); },
     "neither lxc_fs nor host_fs is sent"},
    {"net-", [](const Config& c) { return samples_none(c, "lxc_net", "host_net"); },
     "neither lxc_net nor host_net is sent"},
    {"io-", [](const Config& c) { return samples_none(c, "lxc_io", "host_io"); },
     "neither lxc_io nor host_io is sent"},
});

bool is_meant_for_us(const app::Option& option, const app::Given& given) {
    const bool is_credential_file = !option.credential.empty() && given.origin == app::credential_origin;
    return !given.values.empty() && !given.is_standard && !is_credential_file;
}

} // namespace

std::vector<std::string> ignored_options(std::span<const app::Given> all, const Config& config) {
    std::vector<std::string> ignored;
    for (const app::Given& given : all) {
        const app::Option& option = *program().options[given.option];
        const auto rule = std::ranges::find_if(rules, [&](const Rule& each) {
            return option.name.starts_with(each.begin) && each.applies(config);
        });
        if (rule != rules.end() && is_meant_for_us(option, given))
            ignored.push_back((given.places.empty() ? "" : given.places.front() + ": ") + "--" +
                              std::string(option.name) + given.origin +
                              " has no effect: " + std::string(rule->reason));
    }
    return ignored;
}

} // namespace lxcmon::push
