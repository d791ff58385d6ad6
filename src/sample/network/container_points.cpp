// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/network/container_points.hpp"

#include "sample/network/link_fields.hpp"

#include <span>

namespace lxcmon::sample {

bool add_net_points(const ContainerLinks& links, const HostLinks& host_links, const NetPoints& sink) {
    bool admitted_all = true;
    Readings readings;
    for (const auto& [link, host_index] : std::span(links.links).first(links.count)) {
        if (link.loopback && !sink.with_loopback)
            continue;
        if (!sink.names.admits(link.name.data())) {
            admitted_all = false;
            continue;
        }
        readings.clear();
        set_link(link, fields_of("lxc_net"), readings);
        if (const std::string_view host_name = host_links.name(host_index); !host_name.empty())
            readings.set(field_id("lxc_net", "host_interface"), sink.points.store(host_name));
        const Tag own{"interface", sink.points.store(link.name.data())};
        readings.emit(fields_of("lxc_net"), sink.tags, std::span(&own, 1), sink.wall_ns, sink.points);
    }
    return admitted_all;
}

} // namespace lxcmon::sample
