// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/readings.hpp"
#include "sample/network/rtnetlink.hpp"

namespace lxcmon::sample {

/// Sets the fields that lxc_net and host_net share. `fields` is the range of either. Counters beyond the
/// range of a field are clamped.
void set_link(const Link& link, FieldRange fields, Readings& readings) noexcept;

} // namespace lxcmon::sample
