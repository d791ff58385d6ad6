// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/commands/commands.hpp"

#include "app/collector.hpp"
#include "app/standard_output.hpp"
#include "io/clock.hpp"
#include "push/commands/container_summary.hpp"
#include "text/clean_name.hpp"

#include <spdlog/spdlog.h>

#include <cstdio>
#include <map>

namespace lxcmon::push {
namespace {

/// Keys are name and lxcpath, as in the tags of the points: lxcpath is empty unless two containers have the
/// same name.
using Summaries = std::map<std::pair<std::string, std::string>, ContainerSummary>;

Summaries summarize(const PointBuffer& points) {
    Summaries summaries;
    for (std::size_t index = 0; index < points.size(); ++index) {
        const Point point = points[index];
        add_to_summary(
            point,
            summaries[{std::string(tag_of(point, "container")), std::string(tag_of(point, "lxcpath"))}]);
    }
    return summaries;
}

} // namespace

int list_containers(const Invocation& invocation) {
    const bool as_json = invocation.mode == app::Mode::json;
    app::CollectSettings wanted = invocation.config.collect;
    wanted.metrics = {"lxc_cpu", "lxc_memory", "lxc_net", "lxc_fs", "lxc_state"};
    wanted.sample.net_globs.exclude.emplace_back("lo");
    wanted.once = true;
    app::Collector collector(wanted);
    Summaries before;
    std::int64_t before_ns = 0;
    collector.collect_twice(0, [&](const PointBuffer& points) {
        before = summarize(points);
        before_ns = io::now_ns(CLOCK_MONOTONIC);
    });
    const double seconds = static_cast<double>(io::now_ns(CLOCK_MONOTONIC) - before_ns) / 1e9;
    Summaries now = summarize(collector.points);

    std::vector<ContainerSummary> list;
    for (const Container* container : collector.table.containers()) {
        const std::pair key(text::clean_name(container->name),
                            container->shadowed ? text::clean_name(container->lxcpath) : "");
        ContainerSummary& summary = now[key];
        summary.name = container->name;
        summary.host_name = container->host_name == container->name ? "" : container->host_name;
        summary.lxcpath = container->lxcpath;
        set_rates(before[key], seconds, summary);
        list.push_back(summary);
    }
    app::print(as_json ? summaries_as_json(list) : summaries_as_table(list));
    if (list.empty() && !as_json)
        std::fputs("no containers found\n", stderr);
    return collector.table.faults().empty() ? 0 : 1;
}

} // namespace lxcmon::push
