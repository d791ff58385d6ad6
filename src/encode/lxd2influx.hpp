// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/point.hpp"

namespace lxcmon::encode {

/// The point that lxd2influx would have sent for the same reading, so that its dashboards go on
/// (docs/moving-lxd2influx.md). From lxc_cpu comes cpu with cpuacct.stat.user and cpuacct.stat.system in
/// USER_HZ (proc(5)); from lxc_memory memory with memory.usage_in_bytes; from lxc_net network with rx_bytes,
/// tx_bytes, rx_packets and tx_packets; from lxc_fs disk with usage in bytes and the tag disk, for a
/// filesystem that is a disk device of LXD or Incus. All fields are integers. The tags are those of the
/// point; disk has mountpoint, device and fstype no more. Clears `buffer`, which then has the new point, or
/// none if there is no such point or field. It views into `point`.
void translate_for_lxd2influx(const Point& point, PointBuffer& buffer);

} // namespace lxcmon::encode
