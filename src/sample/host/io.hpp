// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sample/cgroup/block_io.hpp"
#include "text/name_globs.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace lxcmon::sample {

/// Metrics of a disk that containers have not. Times are in us, of the kernel's milliseconds in 32 bits.
struct DiskTimes {
    std::optional<std::int64_t> read_usec, write_usec, busy_usec, queue_usec, in_flight;
    std::optional<std::int64_t> read_merges, write_merges, discard_merges, discard_usec;
    std::optional<std::int64_t> flush_ops, flush_usec; ///< since Linux 5.5
};

/// A line of /proc/diskstats (Documentation/admin-guide/iostats.rst): a disk or a partition.
struct DiskLine {
    std::uint32_t major = 0, minor = 0;
    std::string_view name; ///< "sda", "cciss/c0d0"; a view into the text
    DeviceIo io;           ///< its `number` is empty; no discards before Linux 4.18
    DiskTimes times{};
};

/// Nothing for an unexpected line. A malformed or too large value is absent.
[[nodiscard]] std::optional<DiskLine> parse_disk_line(std::string_view line) noexcept;

/// host_io: one point per whole device with any I/O since it was added. By default, partitions are left out,
/// because their I/O counts for their disk, and so are devices that map a file or memory (loop, ram, zram).
class HostIo {
  public:
    /// All are borrowed; sys/dev/block below `root_fd` identifies partitions.
    HostIo(int root_fd, const text::NameGlobs& globs, DeviceNames& devices) noexcept
        : root_fd_(root_fd)
        , devices_(devices)
        , globs_(globs) {}

    /// `diskstats`: the text of /proc/diskstats. Names are stored in `points`.
    void add_points(std::string_view diskstats, std::span<const Tag> tags, std::int64_t time_ns,
                    PointBuffer& points);

  private:
    struct Disk {
        std::uint32_t major, minor;
        bool is_wanted;
        std::uint64_t round;
    };
    bool is_wanted(const DiskLine& line);

    int root_fd_;
    DeviceNames& devices_;
    const text::NameGlobs& globs_;                   ///< of --io-include and --io-exclude
    std::map<std::string, Disk, std::less<>> disks_; ///< by name: the cached answer of sysfs and globs
    std::uint64_t round_ = 0;
    Readings readings_;
};

} // namespace lxcmon::sample
