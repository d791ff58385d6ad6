// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/device/names.hpp"

#include "io/kernel_file.hpp"
#include "io/parse.hpp"
#include "text/clean_name.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <optional>
#include <span>
#include <utility>

namespace lxcmon::sample {
namespace {

/// A device can be renamed (dmsetup rename, zfs rename), and a table loaded that stacks it on another one.
constexpr std::uint64_t check_ticks = 6;
constexpr std::size_t max_udev_bytes = 16U << 10U;

/// Of the device's folder, or of a file in it. Not a std::string: this runs in each tick.
std::array<char, 64> sysfs_path(const std::string& number, const char* file = "") noexcept {
    std::array<char, 64> path{};
    std::snprintf(path.data(), path.size(), "sys/dev/block/%s%s", number.c_str(), file);
    return path;
}

/// The last part of the folder that the link leads to; sysfs writes '!' for the '/' in names such as
/// cciss/c0d0. Empty: there is no such device; nullopt: it can't be read at present.
std::optional<std::string> name_in_sysfs(int root_fd, const std::string& number) {
    std::array<char, PATH_MAX> target{};
    const ssize_t length = ::readlinkat(root_fd, sysfs_path(number).data(), target.data(), target.size());
    if (length <= 0)
        return length == 0 || errno == ENOENT ? std::optional<std::string>("") : std::nullopt;
    const std::string_view path(target.data(), static_cast<std::size_t>(length));
    std::string name(path.substr(path.rfind('/') + 1));
    std::ranges::replace(name, '!', '/');
    return name;
}

bool is_mapped(std::string_view name) noexcept {
    return name.starts_with("dm-");
}

bool is_zvol(std::string_view name) noexcept {
    return name.starts_with("zd");
}

/// A loop device does I/O only while it has a file. This holds without one, too, so that the series of its
/// last counters does not change.
bool is_loop(std::string_view name) noexcept {
    return name.starts_with("loop");
}

ino_t inode_in_sysfs(int root_fd, const std::string& number) noexcept {
    struct stat folder {};
    return ::fstatat(root_fd, sysfs_path(number).data(), &folder, 0) == 0 ? folder.st_ino : 0;
}

/// The devices that a device is made of (block/holder.c).
bool has_slaves(int root_fd, const std::string& number) noexcept {
    const io::UniqueFd folder = io::open_below(root_fd, sysfs_path(number, "/slaves").data(), O_DIRECTORY);
    alignas(dirent64) std::array<char, 1024> entries{};
    const long length = folder ? ::syscall(SYS_getdents64, folder.get(), entries.data(), entries.size()) : 0;
    bool has_any = false;
    if (length > 0)
        io::for_each_entry(
            std::span<const char>(entries).first(static_cast<std::size_t>(length)),
            [&](unsigned char /*type*/, const char* name) { has_any = has_any || name[0] != '.'; });
    return has_any;
}

/// Sets `path`; empty if it is not known. Documentation/ABI/testing/sysfs-block-dm.
void find_mapper_path(int root_fd, const std::string& number, std::string& path) {
    std::array<char, 256> buffer{};
    const auto read = io::read_once(root_fd, sysfs_path(number, "/dm/name").data(), buffer);
    path.clear();
    if (const auto name = io::single_line(read.text); name && !name->empty())
        path.append("/dev/mapper/").append(*name);
}

/// The same, from udev's database, in which OpenZFS's rules have put the link; its lines "S:" are links below
/// /dev.
void find_zvol_path(int root_fd, const std::string& number, std::string& path) {
    std::array<char, 64> file{};
    std::array<char, max_udev_bytes> buffer{};
    std::snprintf(file.data(), file.size(), "run/udev/data/b%s", number.c_str());
    const auto read = io::read_once(root_fd, file.data(), buffer);
    path.clear();
    if (read.error != 0)
        return;
    io::for_each_line(read.text, [&](std::string_view line) {
        if (line.starts_with("S:zvol/") && path.empty())
            path.append("/dev/").append(line.substr(2));
    });
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
    const auto found = name_in_sysfs(root_fd_, number);
    if (!found && known.checked_tick != 0)
        return; // what is known stays
    device.is_there = found && !found->empty();
    const std::string name = found && text::is_clean(*found) ? *found : std::string();
    const bool has_same_name = device.name == name;
    device.name = name;
    device.shown = device.name.empty() ? number : device.name;
    device.is_wanted = globs_.wants(device.shown.c_str(), true);
    const bool has_path = is_mapped(name) || is_zvol(name);
    const ino_t inode = has_path ? inode_in_sysfs(root_fd_, number) : 0;
    if (known.checked_tick != 0 && has_same_name && known.inode == inode &&
        tick_ - known.checked_tick < check_ticks)
        return;
    known.inode = inode;
    known.checked_tick = found ? tick_ : 0;
    device.is_stacked = is_loop(name) || has_slaves(root_fd_, number);
    if (is_mapped(name))
        find_mapper_path(root_fd_, number, device.path);
    else if (is_zvol(name))
        find_zvol_path(root_fd_, number, device.path);
    if (!has_path || !text::is_clean(device.path))
        device.path.clear();
}

} // namespace lxcmon::sample
