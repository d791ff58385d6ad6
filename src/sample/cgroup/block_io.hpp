// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/readings.hpp"
#include "sample/cgroup/control_files.hpp"
#include "sample/device/names.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace lxcmon::sample {

/// I/O of one container on one block device. Fields that the text lacks are absent.
struct DeviceIo {
    std::string_view number; ///< major:minor, a view into the text that was parsed
    std::optional<std::int64_t> read_bytes, write_bytes, read_ops, write_ops, discard_bytes, discard_ops;
};

/// Parses io.stat of cgroup v2. Adds to `devices`, one entry per device. Some kernels (5.10 to 5.15) print
/// devices without values on the line of the next device, and "(unknown)" for a removed device: values belong
/// to the last device number before them, and the values of an unknown device are dropped.
void parse_io_stat(std::string_view text, std::vector<DeviceIo>& devices);

/// Parses blkio.*.io_service_bytes_recursive and io_serviced_recursive of cgroup v1
/// (Documentation/admin-guide/cgroup-v1/blkio-controller.rst). `operations`: true for the second file.
/// Adds to `devices`.
void parse_blkio(std::string_view text, bool operations, std::vector<DeviceIo>& devices);

/// Sets `fields`: fields_of("lxc_io"), or these of fields_of("host_io"). `path`: BlockDevice::path, which
/// must live as long as the point.
void set_device_io(const DeviceIo& device, std::string_view path, FieldRange fields,
                   Readings& readings) noexcept;

/// The tag of a device whose I/O counts at another one, too; the tag of any other device is empty, and so not
/// sent.
[[nodiscard]] inline Tag stacked_tag(const BlockDevice& device) noexcept {
    return {"stacked", device.is_stacked ? "true" : ""};
}

/// True if any value is not 0.
[[nodiscard]] bool has_counted(const DeviceIo& device) noexcept;

/// Removes the devices whose values are all 0. Since Linux 5.16, cgroup v1's throttle files count only if a
/// throttle rule is set, and print zeros otherwise: these mean "not counted", not "no I/O".
void drop_uncounted(std::vector<DeviceIo>& devices);

/// lxc_io of one container. On v2: io.stat. On v1: the values of the throttle layer or, if it counts nothing,
/// of the BFQ scheduler; no points if neither counts.
class BlockIoSampler {
  public:
    explicit BlockIoSampler(const ContainerFiles& files);
    /// Adds a point for each device that has values and is wanted. `buffer` is scratch space, used in halves.
    /// `seldom`: the seldom files are due; here, the files of cgroup v1 if they counted nothing so far.
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
