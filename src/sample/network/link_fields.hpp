#pragma once

#include "model/readings.hpp"
#include "sample/network/rtnetlink.hpp"

namespace lxcmon::sample {

/// Sets what lxc_net and host_net have in common: `fields` are those of one of them. Counters beyond the
/// field's range are clamped.
void set_link(const Link& link, FieldRange fields, Readings& readings) noexcept;

} // namespace lxcmon::sample
