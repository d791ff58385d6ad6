#pragma once

#include "model/readings.hpp"
#include "sample/cgroup/control_files.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::sample {

/// What one container did to one block device. Fields not seen in the text are absent.
struct DeviceIo {
    std::string_view number; ///< major:minor, a view into the text that was parsed
    std::optional<std::int64_t> read_bytes, write_bytes, read_ops, write_ops, discard_bytes, discard_ops;
};

/// io.stat of cgroup v2. Some kernels (5.10 to 5.15) print devices without figures on the line of the next
/// one, and "(unknown)" for a device that is gone: figures belong to the last number before them, and those
/// of an unknown device to nobody. Adds to `devices`, one entry a device.
void parse_io_stat(std::string_view text, std::vector<DeviceIo>& devices);

/// blkio.*.io_service_bytes_recursive and io_serviced_recursive of cgroup v1
/// (Documentation/admin-guide/cgroup-v1/blkio-controller.rst). `operations`: the second of the two files.
void parse_blkio(std::string_view text, bool operations, std::vector<DeviceIo>& devices);

/// Sets the fields of lxc_io, or those of host_io: `fields`.
void set_device_io(const DeviceIo& device, FieldRange fields, Readings& readings) noexcept;

/// Whether it has anything but zeros.
[[nodiscard]] bool has_counted(const DeviceIo& device) noexcept;

/// Takes out the devices that have nothing but zeros. Kernels from 5.16 on count in cgroup v1's throttle
/// files only where a throttle rule is set, and print zeros elsewhere: these mean "not counted", not "no
/// I/O".
void drop_uncounted(std::vector<DeviceIo>& devices);

/// Names of block devices by major:minor, from /sys/dev/block. Asked anew at each tick: devices come and go.
class DeviceNames {
  public:
    explicit DeviceNames(int root_fd) noexcept
        : root_fd_(root_fd) {}
    void forget() noexcept;
    /// "sda", "nvme0n1"; the number itself where sysfs has no name. Valid until forget().
    [[nodiscard]] std::string_view name(std::string_view number);

  private:
    int root_fd_;
    struct Name {
        std::string text;
        bool is_fresh = false;
    };
    std::map<std::string, Name, std::less<>> names_;
};

/// lxc_io of one container: io.stat on v2. On v1 the throttle layer's figures or, where it counts nothing,
/// those of the BFQ scheduler; none where neither counts.
class BlockIoSampler {
  public:
    explicit BlockIoSampler(const ContainerFiles& files);
    /// Adds a point for each device that has figures. `buffer` is scratch room, used in halves. `seldom`: it
    /// is the turn of what is looked at seldom, which here is cgroup v1 where nothing has been counted so
    /// far.
    void sample(std::span<char> buffer, bool seldom, DeviceNames& names, std::span<const Tag> tags,
                std::int64_t time_ns, PointBuffer& points);

  private:
    std::optional<io::KernelFile> io_stat_;
    struct V1Files {
        std::optional<io::KernelFile> bytes, operations;
    };
    void read_v1(V1Files& files, std::span<char> buffer);

    V1Files throttle_, bfq_;
    std::vector<DeviceIo> devices_;
};

} // namespace lxcmon::sample
