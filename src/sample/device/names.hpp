// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "text/name_globs.hpp"

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace lxcmon::sample {

/// What a block device of the host is called.
struct BlockDevice {
    std::string name; ///< "sda", "dm-7"; empty: sysfs has none, or one that line protocol can't hold
    /// The path that stays the same after a reboot, of a device whose name is a running number:
    /// /dev/mapper/NAME (LVM, multipath, LUKS), /dev/zvol/POOL/NAME. Empty: none is known, or the name is not
    /// a running number.
    std::string path;
    std::string shown;     ///< `name`, or the number if it is empty
    bool is_there = false; ///< sysfs has it
    bool is_wanted = true; ///< by --io-include and --io-exclude
    /// It is made of other block devices or of a file (device-mapper, md, bcache, loop): its I/O is I/O of
    /// those, too.
    bool is_stacked = false;
};

/// Block devices by major:minor, from /sys/dev/block, and from udev for ZFS. Names are looked up again in
/// each tick, because devices come and go; the rest of the same device in every sixth. Sampling thread only.
class DeviceNames {
  public:
    /// `root_fd` is borrowed.
    explicit DeviceNames(int root_fd, text::NameGlobs globs = {}) noexcept
        : root_fd_(root_fd)
        , globs_(std::move(globs)) {}
    void forget() noexcept; ///< call at the start of a tick
    /// `number`: "major:minor". Valid until forget().
    [[nodiscard]] const BlockDevice& find(std::string_view number);
    [[nodiscard]] const BlockDevice& find(std::uint32_t major, std::uint32_t minor);

  private:
    struct Known {
        BlockDevice device;
        bool is_fresh = false;
        ino_t inode = 0; ///< of its folder in sysfs: another device with this number has another one
        std::uint64_t checked_tick = 0;
    };
    void look_up(const std::string& number, Known& known) const;

    int root_fd_;
    text::NameGlobs globs_;
    std::map<std::string, Known, std::less<>> devices_;
    std::uint64_t tick_ = 1;
};

} // namespace lxcmon::sample
