// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/network/link_fields.hpp"

namespace lxcmon::sample {
namespace {

static_assert(begins_with_fields("lxc_net", "host_net"));
constexpr FieldId first = fields_of("lxc_net").first;

} // namespace

void set_link(const Link& link, FieldRange fields, Readings& readings) noexcept {
    const auto at = [&fields](FieldId field) { return field - first + fields.first; };
    const auto set = [&](FieldId field, std::uint64_t number) { readings.set(at(field), clamped(number)); };
    readings.set(at(field_id("lxc_net", "mtu")), std::int64_t{link.mtu});
    readings.set(at(field_id("lxc_net", "up")), link.up);
    if (!link.has_counters)
        return;
    set(field_id("lxc_net", "rx_bytes"), link.rx_bytes);
    set(field_id("lxc_net", "tx_bytes"), link.tx_bytes);
    set(field_id("lxc_net", "rx_packets"), link.rx_packets);
    set(field_id("lxc_net", "tx_packets"), link.tx_packets);
    set(field_id("lxc_net", "rx_errors"), link.rx_errors);
    set(field_id("lxc_net", "tx_errors"), link.tx_errors);
    set(field_id("lxc_net", "rx_dropped"), link.rx_dropped);
    set(field_id("lxc_net", "tx_dropped"), link.tx_dropped);
    set(field_id("lxc_net", "multicast"), link.multicast);
}

} // namespace lxcmon::sample
