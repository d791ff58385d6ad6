// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/readings.hpp"
#include "sample/helper/protocol.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace lxcmon::sample {

/// The tags of a filesystem as clean names (text::clean_name()).
struct FilesystemNames {
    std::string_view joined; ///< all of them, each ended by NUL
    std::string_view mount_point, source, type;
};
/// The strings are stored in `points`. `buffer` is kept by the caller, to avoid allocations.
[[nodiscard]] FilesystemNames clean_names(const FilesystemReply& reply, const Filesystem& filesystem,
                                          std::string& buffer, PointBuffer& points);

/// Whether it could be read and has blocks.
[[nodiscard]] bool is_reportable(const Filesystem& filesystem) noexcept;

/// What the agent knows of a filesystem beside the helper's answer.
struct FilesystemPlace {
    std::string_view block_device;   ///< its name as the tag device of lxc_io, or empty
    std::optional<bool> is_shared{}; ///< host_fs has it, too; absent: not known, or of the host
    std::string_view disk_device{};  ///< as its manager names it, or empty
};
/// Adds the point of one filesystem; nothing for one that is not reportable. `measurement` is the field range
/// of lxc_fs or host_fs. `names` and those of `place` must live as long as the point.
void add_filesystem_point(const Filesystem& filesystem, const FilesystemNames& names,
                          const FilesystemPlace& place, FieldRange measurement, std::span<const Tag> tags,
                          std::int64_t time_ns, PointBuffer& points);

} // namespace lxcmon::sample
