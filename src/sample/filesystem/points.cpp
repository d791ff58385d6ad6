// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/filesystem/points.hpp"

#include "text/clean_name.hpp"

#include <array>
#include <limits>
#include <string>

namespace lxcmon::sample {
namespace {

// A field of host_fs has the same place in lxc_fs, which has more.
static_assert(begins_with_fields("lxc_fs", "host_fs"));

std::int64_t clamped_product(std::uint64_t a, std::uint64_t b) noexcept {
    std::uint64_t product = 0;
    return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<std::int64_t>::max()
                                                  : clamped(product);
}

consteval std::size_t place_of(std::string_view name) {
    return field_id("host_fs", name) - fields_of("host_fs").first;
}

} // namespace

FilesystemNames clean_names(const FilesystemReply& reply, const Filesystem& filesystem, std::string& buffer,
                            PointBuffer& points) {
    buffer.clear();
    std::array<std::size_t, 3> bytes{};
    std::string unclean;
    const std::array<TextSpan, 3> parts{filesystem.mount_point, filesystem.source, filesystem.type};
    for (std::size_t part = 0; part < parts.size(); ++part) {
        const std::string_view name = text::clean_name(reply.text(parts[part]), unclean);
        bytes[part] = name.size();
        buffer.append(name).push_back('\0');
    }
    const std::string_view joined = points.store(buffer);
    return {joined, joined.substr(0, bytes[0]), joined.substr(bytes[0] + 1, bytes[1]),
            joined.substr(bytes[0] + bytes[1] + 2, bytes[2])};
}

bool is_reportable(const Filesystem& filesystem) noexcept {
    return filesystem.error == 0 && filesystem.blocks != 0 && filesystem.block_bytes != 0 &&
           filesystem.blocks_free <= filesystem.blocks;
}

void add_filesystem_point(const Filesystem& filesystem, const FilesystemNames& names,
                          const FilesystemPlace& place, FieldRange measurement, std::span<const Tag> tags,
                          std::int64_t time_ns, PointBuffer& points) {
    if (!is_reportable(filesystem))
        return;
    Readings readings;
    const auto set = [&](std::size_t at, FieldValue value) { readings.set(measurement.first + at, value); };
    const std::uint64_t used = filesystem.blocks - filesystem.blocks_free;
    set(place_of("total_bytes"), clamped_product(filesystem.blocks, filesystem.block_bytes));
    set(place_of("used_bytes"), clamped_product(used, filesystem.block_bytes));
    set(place_of("free_bytes"), clamped_product(filesystem.blocks_free, filesystem.block_bytes));
    // A value above `blocks` is a negative number from a server: the reserved blocks are in use.
    const bool has_available = filesystem.blocks_available <= filesystem.blocks;
    if (has_available)
        set(place_of("available_bytes"),
            clamped_product(filesystem.blocks_available, filesystem.block_bytes));
    // As in df: relative to the space for ordinary users, without the blocks reserved for root.
    const double reachable = static_cast<double>(used) + static_cast<double>(filesystem.blocks_available);
    if (has_available && reachable > 0)
        set(place_of("used_percent"), static_cast<double>(used) * 100.0 / reachable);
    // A filesystem without a fixed number of inodes (btrfs, ZFS's 0) has no inode fields.
    if (filesystem.inodes > 0 && filesystem.inodes_free <= filesystem.inodes) {
        set(place_of("inodes_total"), clamped(filesystem.inodes));
        set(place_of("inodes_used"), clamped(filesystem.inodes - filesystem.inodes_free));
        set(place_of("inodes_free"), clamped(filesystem.inodes_free));
    }
    set(place_of("readonly"), filesystem.readonly);
    if (!place.block_device.empty())
        set(place_of("block_device"), place.block_device);
    if (place.is_shared)
        readings.set(field_id("lxc_fs", "shared"), *place.is_shared);
    if (!place.disk_device.empty())
        readings.set(field_id("lxc_fs", "disk_device"), place.disk_device);
    const std::array<Tag, 3> own{
        {{"mountpoint", names.mount_point}, {"device", names.source}, {"fstype", names.type}}};
    readings.emit(measurement, tags, own, time_ns, points);
}

} // namespace lxcmon::sample
