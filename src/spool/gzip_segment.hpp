// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "spool/folder.hpp"
#include "spool/segment.hpp"

#include <optional>
#include <string>

namespace lxcmon::spool {

/// Gzips a closed plain segment, without its cancelled batches, and removes the plain file. A crash at any
/// point neither loses nor duplicates the segment. `segment` then describes the gzipped file. Returns what is
/// wrong on failure; the plain file then stays. Memory: 300 KiB.
[[nodiscard]] std::optional<std::string> gzip_segment(const Folder& folder, Segment& segment);

} // namespace lxcmon::spool
