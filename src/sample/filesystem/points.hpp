// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/readings.hpp"
#include "sample/helper/protocol.hpp"

#include <cstdint>
#include <span>

namespace lxcmon::sample {

/// Adds the point of one filesystem of `reply`. `measurement` is the field range of lxc_fs or host_fs. Adds
/// nothing for a filesystem that could not be read or has no blocks. Strings are stored in `points`.
void add_filesystem_point(const FilesystemReply& reply, const Filesystem& filesystem, FieldRange measurement,
                          std::span<const Tag> tags, std::int64_t time_ns, PointBuffer& points);

} // namespace lxcmon::sample
