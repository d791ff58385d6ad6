#include "sample/namespace_figures.hpp"

#include "io/mountinfo.hpp"
#include "sample/link_figures.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace lxcmon::sample {
namespace {

std::int64_t clamped_product(std::uint64_t a, std::uint64_t b) noexcept {
    std::uint64_t product = 0;
    return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<std::int64_t>::max()
                                                  : clamped(product);
}

} // namespace

MountSource find_mount(std::string_view mountinfo, std::uint64_t id) {
    MountSource source;
    const std::string wanted = std::to_string(id);
    io::for_each_mount(mountinfo, [&](const io::Mount& mount) {
        if (mount.id == wanted)
            source = {mount.source, mount.filesystem_type};
    });
    return source;
}

void add_net_points(const NamespaceReply& reply, const HostLinks& host_links, std::span<const Tag> tags,
                    std::int64_t time_ns, PointBuffer& points) {
    Readings readings;
    for (const auto& [link, host_index] : std::span(reply.links).first(reply.link_count)) {
        if (link.loopback)
            continue;
        readings.clear();
        set_link(link, fields_of("lxc_net"), readings);
        if (const std::string_view host_name = host_links.name(host_index); !host_name.empty())
            readings.set(field_id("lxc_net", "host_interface"), points.store(host_name));
        const Tag own{"interface", points.store(link.name.data())};
        readings.emit(fields_of("lxc_net"), tags, std::span(&own, 1), time_ns, points);
    }
}

void add_root_fs_point(const RootFilesystem& root, const MountSource& source, std::span<const Tag> tags,
                       std::int64_t time_ns, PointBuffer& points) {
    if (!root.present || root.blocks == 0 || root.blocks_free > root.blocks)
        return;
    Readings readings;
    const std::uint64_t used = root.blocks - root.blocks_free;
    readings.set(field_id("lxc_fs", "total_bytes"), clamped_product(root.blocks, root.block_bytes));
    readings.set(field_id("lxc_fs", "used_bytes"), clamped_product(used, root.block_bytes));
    readings.set(field_id("lxc_fs", "free_bytes"), clamped_product(root.blocks_free, root.block_bytes));
    readings.set(field_id("lxc_fs", "available_bytes"),
                 clamped_product(root.blocks_available, root.block_bytes));
    // As df counts: of what an ordinary user could have, without the blocks reserved for root.
    const double reachable = static_cast<double>(used) + static_cast<double>(root.blocks_available);
    if (reachable > 0)
        readings.set(field_id("lxc_fs", "used_percent"), static_cast<double>(used) * 100.0 / reachable);
    // Filesystems without a fixed number of inodes (btrfs, ZFS's 0) say nothing about them.
    if (root.inodes > 0 && root.inodes_free <= root.inodes) {
        readings.set(field_id("lxc_fs", "inodes_total"), clamped(root.inodes));
        readings.set(field_id("lxc_fs", "inodes_used"), clamped(root.inodes - root.inodes_free));
        readings.set(field_id("lxc_fs", "inodes_free"), clamped(root.inodes_free));
    }
    readings.set(field_id("lxc_fs", "readonly"), root.readonly);
    const std::array<Tag, 3> own{{{"mountpoint", "/"},
                                  {"device", points.store(source.device)},
                                  {"fstype", points.store(source.filesystem_type)}}};
    readings.emit(fields_of("lxc_fs"), tags, own, time_ns, points);
}

} // namespace lxcmon::sample
