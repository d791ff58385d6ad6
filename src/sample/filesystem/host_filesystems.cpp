// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/filesystem/host_filesystems.hpp"

#include <algorithm>

namespace lxcmon::sample {
namespace {

/// Of the host's size. Of ZFS and btrfs it changes between two scans.
constexpr double least_part = 0.95;

double total_bytes_of(const Filesystem& filesystem) noexcept {
    return static_cast<double>(filesystem.blocks) * static_cast<double>(filesystem.block_bytes);
}

} // namespace

void HostFilesystems::add(bool risky, const Filesystem& filesystem) {
    of(risky).push_back({filesystem.device, total_bytes_of(filesystem)});
}

bool HostFilesystems::has(const Filesystem& filesystem) const noexcept {
    return std::ranges::any_of(known_, [&](const std::vector<Known>& of_one_scan) {
        return std::ranges::any_of(of_one_scan, [&](const Known& each) {
            return each.device == filesystem.device &&
                   total_bytes_of(filesystem) >= each.total_bytes * least_part;
        });
    });
}

} // namespace lxcmon::sample
