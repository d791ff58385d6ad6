// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/invocation.hpp"

#include "push/command_table.hpp"
#include "push/influx_options.hpp"
#include "push/option_table.hpp"

#include <algorithm>

namespace lxcmon::push {
namespace {

constexpr const char* footer = R"(Every option can also stand in the environment (--influx-url as
LXCMON_INFLUX_URL; lists separated by commas) and in the settings file
(influx-url = "http://..."). The command line goes first, then the
environment, then the file.

  lxcmon-push --influx-url http://influx.example:8086   sends to InfluxDB
  lxcmon-push list                  shows the containers of this host
  lxcmon-push check                 tries settings, liblxc and server
  lxcmon-push fields                shows what is measured
  lxcmon-push --once --dry-run      prints one sample

Exit codes: 0 fine, 1 failed, 2 wrong usage or settings.)";

app::Program make_program() {
    app::Program program{
        "lxcmon-push",
        "Samples the LXC containers of this host, and sends the metrics to InfluxDB\nor writes them "
        "to a JSON file.",
        footer, {}, {}};
    for (const OptionRow& row : option_table())
        program.options.push_back(&row);
    for (const CommandRow& row : command_table())
        program.commands.push_back(&row);
    return program;
}

/// An agent that sends nothing would run without a message.
void check_selection(const app::CollectSettings& settings) {
    const Selection sent = settings.selection();
    const auto is_sent = [&](const MeasurementInfo& each) { return sent.has_any(find_fields(each.name)); };
    if (std::ranges::none_of(measurement_table, is_sent))
        throw app::BadSetting(std::string("lxcmon-push: --metrics: nothing is left to send") +
                              (settings.sample_host ? "" : ", without the host (--no-host)") +
                              "; expected at least one field, lxcmon-push fields shows which are sent");
}

} // namespace

const app::Program& program() {
    static const app::Program program = make_program();
    return program;
}

Invocation read_invocation(const std::vector<std::string>& arguments, const app::Environment& environment) {
    app::Parsed parsed = app::parse(program(), arguments, environment);
    Invocation invocation{parsed.command, {}, parsed.format, std::move(parsed.operands), std::move(parsed.print)};
    if (invocation.print)
        return invocation;
    Config& config = invocation.config;
    config.config_file = std::move(parsed.config_file);
    app::apply(program(), option_table(), parsed.given, config);
    std::string& host = config.collect.sample.tags.host;
    if (host.empty())
        host = app::own_host_name();
    check_influx_options(config);
    check_selection(config.collect);
    return invocation;
}

} // namespace lxcmon::push
