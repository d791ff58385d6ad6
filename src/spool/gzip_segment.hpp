#pragma once

#include "spool/folder.hpp"
#include "spool/segment.hpp"

#include <optional>
#include <string>

namespace lxcmon::spool {

/// Gzips a closed plain segment, without the batches that were cancelled, and removes the plain file; at no
/// point would a crash lose or double it. `segment` becomes the gzipped one. Memory: 300 KiB. Returns what is
/// wrong where that fails; the plain one is still there then.
[[nodiscard]] std::optional<std::string> gzip_segment(const Folder& folder, Segment& segment);

} // namespace lxcmon::spool
