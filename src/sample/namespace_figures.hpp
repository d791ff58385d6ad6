#pragma once

#include "model/readings.hpp"
#include "sample/host_links.hpp"
#include "sample/namespace_worker.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace lxcmon::sample {

/// Where a filesystem comes from, as the host's /proc/INIT/mountinfo says: the container's words.
struct MountSource {
    std::string device;
    std::string filesystem_type;
};

/// The mount of this id in the text of a mountinfo; both empty where there is none.
[[nodiscard]] MountSource find_mount(std::string_view mountinfo, std::uint64_t id);

/// Adds an lxc_net point for each interface but loopback. Texts are stored in `points`.
void add_net_points(const NamespaceReply& reply, const HostLinks& host_links, std::span<const Tag> tags,
                    std::int64_t time_ns, PointBuffer& points);

/// Adds the lxc_fs point of "/"; none for a filesystem without blocks.
void add_root_fs_point(const RootFilesystem& root, const MountSource& source, std::span<const Tag> tags,
                       std::int64_t time_ns, PointBuffer& points);

} // namespace lxcmon::sample
