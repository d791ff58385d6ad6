// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/device/names.hpp"

#include "io/kernel_file.hpp"
#include "io/parse.hpp"
#include "text/clean_name.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdio>
#include <utility>

namespace lxcmon::sample {
namespace {

constexpr std::uint64_t path_ticks = 6; ///< a device can be renamed (dmsetup rename, zfs rename)
constexpr std::size_t max_udev_bytes = 64U << 10U;

std::string sysfs_path(const std::string& number) {
    return "sys/dev/block/" + number;
}

/// The last part of the folder that the link leads to; sysfs writes '!' for the '/' in names such as
/// cciss/c0d0.
std::string name_in_sysfs(int root_fd, const std::string& number) {
    std::array<char, PATH_MAX> link{}, target{};
    std::snprintf(link.data(), link.size(), "sys/dev/block/%s", number.c_str());
    const ssize_t length = ::readlinkat(root_fd, link.data(), target.data(), target.size());
    if (length <= 0)
        return {};
    const std::string_view path(target.data(), static_cast<std::size_t>(length));
    std::string name(path.substr(path.rfind('/') + 1));
    std::ranges::replace(name, '!', '/');
    return text::is_clean(name) ? name : std::string();
}

bool is_mapped(std::string_view name) noexcept {
    return name.starts_with("dm-");
}

bool is_zvol(std::string_view name) noexcept {
    return name.starts_with("zd");
}

/// Documentation/ABI/testing/sysfs-block-dm.
std::string mapper_path(int root_fd, const std::string& number) {
    std::array<char, 256> buffer{};
    const auto read = io::read_once(root_fd, (sysfs_path(number) + "/dm/name").c_str(), buffer);
    const auto name = io::single_line(read.text);
    return name && !name->empty() ? "/dev/mapper/" + std::string(*name) : std::string();
}

/// From udev's database, in which OpenZFS's rules have put the link; its lines "S:" are links below /dev.
std::string zvol_path(int root_fd, const std::string& number) {
    std::string text, found;
    if (io::try_read_whole(root_fd, ("run/udev/data/b" + number).c_str(), text, max_udev_bytes) != 0)
        return {};
    io::for_each_line(text, [&](std::string_view line) {
        if (line.starts_with("S:zvol/") && found.empty())
            found = "/dev/" + std::string(line.substr(2));
    });
    return found;
}

} // namespace

void DeviceNames::forget() noexcept {
    // Those that were asked for keep their place: in the steady state nothing is allocated.
    std::erase_if(devices_, [](const auto& item) { return !item.second.is_fresh; });
    for (auto& [number, known] : devices_)
        known.is_fresh = false;
    ++tick_;
}

const BlockDevice& DeviceNames::find(std::string_view number) {
    auto known = devices_.find(number);
    if (known == devices_.end())
        known = devices_.emplace(number, Known{}).first;
    if (!std::exchange(known->second.is_fresh, true))
        look_up(known->first, known->second);
    return known->second.device;
}

const BlockDevice& DeviceNames::find(std::uint32_t major, std::uint32_t minor) {
    std::array<char, 24> number{};
    std::snprintf(number.data(), number.size(), "%u:%u", major, minor);
    return find(std::string_view(number.data()));
}

void DeviceNames::look_up(const std::string& number, Known& known) const {
    BlockDevice& device = known.device;
    device.name = name_in_sysfs(root_fd_, number);
    device.shown = device.name.empty() ? number : device.name;
    device.is_wanted = globs_.wants(device.shown.c_str(), true);
    if (is_mapped(device.name) || is_zvol(device.name))
        look_up_path(number, known);
    else
        device.path.clear();
}

void DeviceNames::look_up_path(const std::string& number, Known& known) const {
    struct stat folder {};
    const bool is_there = ::fstatat(root_fd_, sysfs_path(number).c_str(), &folder, 0) == 0;
    const ino_t inode = is_there ? folder.st_ino : 0;
    if (known.path_tick != 0 && known.inode == inode && tick_ - known.path_tick < path_ticks)
        return;
    known.inode = inode;
    known.path_tick = tick_;
    std::string path =
        is_mapped(known.device.name) ? mapper_path(root_fd_, number) : zvol_path(root_fd_, number);
    known.device.path = text::is_clean(path) ? std::move(path) : std::string();
}

} // namespace lxcmon::sample
