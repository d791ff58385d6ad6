// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/network/host_points.hpp"

#include "sample/network/link_fields.hpp"
#include "text/clean_name.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace lxcmon::sample {
namespace {

/// Proxmox VE makes fwbr101i0, fwln101i0 and fwpr101p0 for the first interface of guest 101.
bool is_firewall_link(std::string_view name) noexcept {
    constexpr auto prefixes = std::to_array<std::string_view>({"fwbr", "fwln", "fwpr"});
    return std::ranges::any_of(prefixes, [&](std::string_view prefix) {
        return name.starts_with(prefix) && name.size() > prefix.size() && name[prefix.size()] >= '0' &&
               name[prefix.size()] <= '9';
    });
}

/// The name of another chosen interface with the clean name of `link`, which is not clean itself; empty if
/// there is none. Of several such interfaces the first keeps it.
std::string_view find_same(const Link& link, std::string_view clean, std::span<const Link> links,
                           const InterfaceChoice& choice) {
    for (const Link& other : links) {
        if (!choice.wants(other))
            continue;
        if (clean == other.name.data())
            return other.name.data();
        if (&other < &link && text::clean_name(other.name.data()) == clean)
            return other.name.data();
    }
    return {};
}

} // namespace

bool is_host_link(const Link& link) noexcept {
    return link.kind == LinkKind::other && link.peer_namespace < 0 && !is_firewall_link(link.name.data());
}

HostLinkLeftOut add_host_net_points(std::span<const Link> links, const InterfaceChoice& choice,
                                    std::span<const Tag> tags, std::int64_t time_ns, PointBuffer& points) {
    Readings readings;
    std::string buffer;
    HostLinkLeftOut left_out;
    for (const Link& link : links) {
        if (!choice.wants(link))
            continue;
        const std::string_view name = text::clean_name(link.name.data(), buffer);
        const std::string_view same_as =
            name != link.name.data() ? find_same(link, name, links, choice) : std::string_view();
        if (!same_as.empty()) {
            left_out = {link.name.data(), same_as};
            continue;
        }
        readings.clear();
        set_link(link, fields_of("host_net"), readings);
        const Tag own{"interface", points.store(name)};
        readings.emit(fields_of("host_net"), tags, std::span(&own, 1), time_ns, points);
    }
    return left_out;
}

} // namespace lxcmon::sample
