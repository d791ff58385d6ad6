// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/commands/commands.hpp"

#include "app/collector.hpp"
#include "app/log_file.hpp"
#include "app/standard_output.hpp"
#include "encode/line_protocol.hpp"
#include "expose/listener.hpp"
#include "expose/metrics_file.hpp"
#include "io/clock.hpp"
#include "push/output/sink_factory.hpp"
#include "spool/probe.hpp"
#include "text/counted.hpp"
#include "text/printable.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lxcmon::push {
namespace {

constexpr std::size_t longest_finding_bytes = 2'000;

constexpr const char* no_point =
    "not tested: the sample has no point (because of --metrics, --no-host, or a host without containers)";

/// Also if the settings file has globs: those of the command line take their place.
constexpr const char* how_to_see_names = "lxcmon-push list --include '*' --exclude none shows the names";

Finding check_rights() {
    if (::geteuid() == 0)
        return {"rights", true, "running as root"};
    return {"rights", false,
            fmt::format("running as uid {}: root is needed to join the containers' network namespaces",
                        ::geteuid())};
}

Finding check_settings(const Invocation& invocation) {
    const std::string& file = invocation.config.config_file;
    const bool has_file = ::access(file.c_str(), F_OK) == 0;
    return {
        "settings", true,
        (has_file ? "valid, with " + file : "valid, without a settings file (" + file + " does not exist)") +
            fmt::format(", {} file{} in conf.d", invocation.conf_files,
                        invocation.conf_files == 1 ? "" : "s")};
}

/// One line for each option that the agent would ignore.
std::vector<Finding> check_ignored(const Invocation& invocation) {
    std::vector<Finding> findings;
    for (const std::string& ignored : invocation.ignored)
        findings.push_back({"settings", false, ignored});
    if (invocation.config.collect.once || invocation.config.destinations.dry_run)
        findings.push_back(
            {"settings", false, "--once and --dry-run have no effect: check takes one sample"});
    return findings;
}

/// The first point of each measurement in line protocol: a server's limits may hold for one of them alone.
/// Without what each process counts for itself: in the series of the running agent a figure of this one would
/// be a fall, and the next one a growth.
std::string first_lines(const PointBuffer& points) {
    std::string lines;
    std::set<std::string_view> measurements{"lxc_process"};
    for (std::size_t index = 0; index < points.size(); ++index) {
        Point point = points[index];
        if (!measurements.insert(point.measurement).second)
            continue;
        std::vector<Field> fields;
        std::ranges::remove_copy(point.fields, std::back_inserter(fields), "restarts", &Field::key);
        point.fields = fields;
        encode::append_line_protocol(lines, point);
    }
    return lines;
}

/// Takes one sample to test liblxc, cgroups and containers. `lines` become some of its points.
std::vector<Finding> check_containers(app::CollectSettings settings, std::string& lines) {
    std::vector<Finding> findings;
    try {
        settings.once = true;
        app::Collector collector(settings);
        collector.collect(io::now_ns(CLOCK_REALTIME));
        lines = first_lines(collector.points);
        for (const std::string& lxcpath : collector.table.lxcpaths()) {
            const auto fault = collector.table.faults().find(lxcpath);
            const bool ok = fault == collector.table.faults().end();
            findings.push_back({"liblxc", ok,
                                ok ? fmt::format("version {}, {}", app::Collector::liblxc_version(), lxcpath)
                                   : fault->second});
        }
        std::ranges::move(collector.table.managers(), std::back_inserter(findings));
        const std::string trouble = collector.sampler.cgroup_trouble();
        findings.push_back(
            {"cgroups", trouble.empty(),
             std::string(collector.sampler.cgroup_version()) + (trouble.empty() ? "" : "; " + trouble)});
        const auto& all = collector.table.containers();
        if (const std::string why = collector.table.why_none_is_selected(); !why.empty()) {
            findings.push_back({"containers", false, why + "; " + how_to_see_names});
            return findings;
        }
        const std::size_t troubled = collector.troubled + collector.table.left_out();
        const auto running = std::ranges::count_if(all, [](const auto* each) { return each->init_pid != 0; });
        std::string message = fmt::format("{} running, {} not running, {}", running,
                                          all.size() - static_cast<std::size_t>(running),
                                          text::counted(collector.points.size(), "point"));
        if (troubled != 0)
            message += fmt::format("; {} left out or incomplete, see the warnings", troubled);
        findings.push_back({"containers", troubled == 0, message});
    } catch (const std::exception& error) {
        findings.push_back({"sampling", false, error.what()});
    }
    return findings;
}

/// `lines`: points of the sample, to be written; empty: none is written.
std::vector<Finding> check_destinations(const Config& config, std::string lines) {
    std::vector<Finding> findings;
    DestinationSettings real = config.destinations;
    real.dry_run = false;
    real.influx.probe_points = std::move(lines);
    warn_of_insecure(real);
    for (const Destination& destination : make_destinations(real))
        std::ranges::move(destination.sink->probe(), std::back_inserter(findings));
    if (!real.influx_urls.empty())
        findings.push_back(spool::probe_spool(real.spool.folder));
    if (!config.prometheus.file.empty())
        findings.push_back(expose::MetricsFile::probe(config.prometheus.file));
    if (!config.prometheus.listen.empty())
        findings.push_back(expose::Listener::probe(config.prometheus.listen));
    if (!config.log.file.empty())
        findings.push_back(app::probe_log_file(config.log.file));
    return findings;
}

} // namespace

int check(const Invocation& invocation) {
    const Config& config = invocation.config;
    std::vector<Finding> findings{check_settings(invocation)};
    std::ranges::move(check_ignored(invocation), std::back_inserter(findings));
    if (invocation.mode != app::Mode::offline) {
        std::string points;
        findings.push_back(check_rights());
        std::ranges::move(check_containers(config.collect, points), std::back_inserter(findings));
        const bool is_well = std::ranges::all_of(findings, &Finding::ok);
        const bool has_none = is_well && points.empty() && !config.destinations.influx_urls.empty();
        std::ranges::move(check_destinations(config, is_well ? std::move(points) : std::string()),
                          std::back_inserter(findings));
        if (has_none)
            findings.push_back({"delivery", true, no_point});
    }
    std::string lines;
    for (const Finding& finding : findings)
        lines += fmt::format("{:<4}  {:<11} {}\n", finding.ok ? "ok" : "FAIL", text::printable(finding.what),
                             text::printable(finding.message, longest_finding_bytes));
    app::print(lines);
    return std::ranges::all_of(findings, &Finding::ok) ? 0 : 1;
}

} // namespace lxcmon::push
