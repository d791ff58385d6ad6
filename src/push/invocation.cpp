// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/invocation.hpp"

#include "app/settings/secret_files.hpp"
#include "push/command_table.hpp"
#include "push/ignored_options.hpp"
#include "push/influx_options.hpp"
#include "push/local/options.hpp"
#include "push/option_table.hpp"

#include <algorithm>
#include <memory>

namespace lxcmon::push {
namespace {

constexpr const char* footer = R"(Each option can also be set in the environment (--influx-url as
LXCMON_INFLUX_URL; lists separated by commas) or in the settings file
(influx-url = "http://..."). The command line overrides the environment,
and the environment overrides the settings file.

  lxcmon-push --influx-url http://influx.example:8086   send to InfluxDB
  lxcmon-push top                   watch the containers of this host
  lxcmon-push list                  show them once
  lxcmon-push check                 test settings, liblxc and server
  lxcmon-push fields                show the measurements and fields
  lxcmon-push --once --dry-run      print one sample

Exit codes: 0 success, 1 failure, 2 wrong usage or invalid settings.)";

app::Program make_program() {
    app::Program program{
        "lxcmon-push",
        "Samples the LXC containers of this host and sends the metrics to InfluxDB\nor writes them "
        "to a JSON file.",
        footer,
        {},
        {}};
    for (const OptionRow& row : option_table())
        program.options.push_back(&row);
    for (const CommandRow& row : command_table())
        program.commands.push_back(&row);
    return program;
}

/// Without this check, an agent that sends nothing would run and report no problem.
void check_selection(const app::CollectSettings& settings) {
    const Selection sent = settings.selection();
    const auto is_sent = [&](const MeasurementInfo& each) { return sent.has_any(find_fields(each.name)); };
    if (std::ranges::none_of(measurement_table, is_sent))
        throw app::BadSetting(std::string("lxcmon-push: --metrics: nothing is left to send") +
                              (settings.sample_host ? "" : " with --no-host") +
                              "; expected at least one field, lxcmon-push fields lists them");
}

/// nullptr: not given.
const app::Given* find_given(const app::Parsed& parsed, std::string_view option) {
    const auto found = std::ranges::find_if(parsed.given, [&](const app::Given& given) {
        return program().options[given.option]->name == option;
    });
    return found == parsed.given.end() ? nullptr : std::to_address(found);
}

bool is_of_command_line(const app::Given& given) noexcept {
    return given.origin.empty() && given.file.empty();
}

/// The default may be longer than a short interval. At most a quarter of the interval is used.
void check_jitter(const app::Parsed& parsed, const Config& config) {
    const app::Given* const given = find_given(parsed, "send-jitter");
    if (given != nullptr && config.destinations.send_jitter > config.collect.interval)
        app::refuse(program(), *given, 0,
                    {"is longer than the time between two samples; expected at most --interval"});
}

/// A request has one kind of credentials. INFLUX_TOKEN may be set for another program, and has no effect
/// beside a user; a file with a token is for this one.
void choose_credentials(const app::Parsed& parsed, influx::Settings& settings) {
    const app::Given* const token = find_given(parsed, "influx-token-file");
    if (token == nullptr || settings.http.user.empty())
        return;
    if (!token->is_standard)
        app::refuse(
            program(), *token, 0,
            {"is set beside --influx-user, and a request has either a token or a user; remove one of them"});
    settings.token.clear();
}

} // namespace

const app::Program& program() {
    static const app::Program program = make_program();
    return program;
}

Invocation read_invocation(const std::vector<std::string>& arguments, const app::Environment& environment) {
    app::Parsed parsed = app::parse(program(), arguments, environment);
    Invocation invocation{
        parsed.command,   {}, parsed.mode, std::move(parsed.command_values), std::move(parsed.operands),
        parsed.conf_files};
    invocation.print = std::move(parsed.print);
    if (invocation.print)
        return invocation;
    Config& config = invocation.config;
    config.config_file = std::move(parsed.config_file);
    app::apply(program(), option_table(), parsed.given, config);
    if (!config.allow_readable_secrets)
        app::check_secret_files(program(), parsed.given);
    std::string& host = config.collect.sample.tags.host;
    config.collect.follows_host_name = host.empty();
    if (host.empty())
        host = app::own_host_name();
    choose_credentials(parsed, config.destinations.influx);
    check_influx_options(config);
    check_local_options(config);
    config.destinations.prints_metrics = config.destinations.dry_run && config.prometheus.file == "-";
    if (!config.destinations.csv.folder.empty())
        config.destinations.csv.fields = config.collect.selection();
    check_jitter(parsed, config);
    check_selection(config.collect);
    if (const app::Given* given = find_given(parsed, "interval");
        given != nullptr && is_of_command_line(*given))
        invocation.interval_of_command_line = config.collect.interval;
    invocation.ignored = ignored_options(parsed.given, config);
    return invocation;
}

} // namespace lxcmon::push
