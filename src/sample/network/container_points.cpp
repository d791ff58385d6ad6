// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/network/container_points.hpp"

#include "sample/network/link_fields.hpp"
#include "text/clean_name.hpp"

#include <algorithm>
#include <span>
#include <string>

namespace lxcmon::sample {

namespace {

/// If interfaces change during a dump, the kernel can list an interface twice.
bool is_listed_twice(std::span<const ContainerLinks::Entry> earlier, const Link& link) noexcept {
    return std::ranges::any_of(earlier, [&](const auto& each) { return each.link.index == link.index; });
}

/// The first chosen interface that is sent as `clean`; empty if there is none.
std::string_view find_sent_as(std::string_view clean, std::span<const ContainerLinks::Entry> earlier,
                              const NetPoints& sink) {
    for (const auto& each : earlier)
        if (text::clean_name(each.link.name.data()) == clean &&
            sink.choice.wants(each.link, !sink.veth_ends.is_inner(each)))
            return each.link.name.data();
    return {};
}

void add_point(const ContainerLinks::Entry& entry, std::string_view name, const HostLinks& host_links,
               const NetPoints& sink) {
    Readings readings;
    set_link(entry.link, fields_of("lxc_net"), readings);
    if (const std::string_view host_name = host_links.name(entry.host_index); !host_name.empty())
        readings.set(field_id("lxc_net", "host_interface"), sink.points.store(host_name));
    const Tag own{"interface", sink.points.store(name)};
    readings.emit(fields_of("lxc_net"), sink.tags, std::span(&own, 1), sink.wall_ns, sink.points);
}

} // namespace

LinksLeftOut add_net_points(const ContainerLinks& links, const HostLinks& host_links, const NetPoints& sink) {
    LinksLeftOut left_out;
    std::string buffer;
    const auto all = std::span(links.links).first(links.count);
    for (std::size_t at = 0; at < all.size(); ++at) {
        const Link& link = all[at].link;
        const bool is_inner = sink.veth_ends.is_inner(all[at]);
        if (!sink.choice.wants(link, !is_inner)) {
            if (is_inner && sink.choice.wants(link))
                left_out.inner = link.name.data();
            continue;
        }
        const std::string_view name = text::clean_name(link.name.data(), buffer);
        const Admission admission = sink.names.admit(name);
        if (admission == Admission::admitted)
            add_point(all[at], name, host_links, sink);
        else if (admission == Admission::same_name && left_out.same_name.empty() &&
                 !is_listed_twice(all.first(at), link)) {
            left_out.same_name = link.name.data();
            left_out.same_as = find_sent_as(name, all.first(at), sink);
        }
    }
    return left_out;
}

} // namespace lxcmon::sample
