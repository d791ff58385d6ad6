// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/cgroup/block_io.hpp"

#include "io/parse.hpp"

#include <algorithm>
#include <array>

namespace lxcmon::sample {
namespace {

static_assert(begins_with_fields("host_io", "lxc_io"));

bool is_device_number(std::string_view word) noexcept {
    const std::string_view major = io::take_until(word, ':');
    return io::parse_number<unsigned>(major) && io::parse_number<unsigned>(word);
}

DeviceIo& entry_of(std::string_view number, std::vector<DeviceIo>& devices) {
    const auto at = std::ranges::find(devices, number, &DeviceIo::number);
    return at != devices.end() ? *at : devices.emplace_back(DeviceIo{number, {}, {}, {}, {}, {}, {}});
}

std::optional<std::int64_t>* field_of(DeviceIo& device, std::string_view key) noexcept {
    if (key == "rbytes")
        return &device.read_bytes;
    if (key == "wbytes")
        return &device.write_bytes;
    if (key == "rios")
        return &device.read_ops;
    if (key == "wios")
        return &device.write_ops;
    if (key == "dbytes")
        return &device.discard_bytes;
    if (key == "dios")
        return &device.discard_ops;
    return nullptr;
}

} // namespace

void parse_io_stat(std::string_view text, std::vector<DeviceIo>& devices) {
    io::for_each_line(text, [&](std::string_view line) {
        std::string_view current;
        io::for_each_word(line, [&](std::string_view word) {
            std::string_view value = word;
            const std::string_view key = io::take_until(value, '=');
            if (key.size() == word.size()) {
                current = is_device_number(word) ? word : std::string_view{};
                return;
            }
            if (current.empty())
                return;
            DeviceIo probe;
            if (field_of(probe, key) != nullptr)
                *field_of(entry_of(current, devices), key) = io::parse_count(value);
        });
    });
}

void parse_blkio(std::string_view text, bool operations, std::vector<DeviceIo>& devices) {
    io::for_each_line(text, [&](std::string_view line) {
        const std::string_view number = io::take_until(line, ' ');
        const std::string_view what = io::take_until(line, ' ');
        if (!is_device_number(number))
            return;
        const auto value = io::parse_count(line);
        if (what == "Read")
            (operations ? entry_of(number, devices).read_ops : entry_of(number, devices).read_bytes) = value;
        else if (what == "Write")
            (operations ? entry_of(number, devices).write_ops : entry_of(number, devices).write_bytes) =
                value;
        else if (what == "Discard")
            (operations ? entry_of(number, devices).discard_ops : entry_of(number, devices).discard_bytes) =
                value;
    });
}

void set_device_io(const DeviceIo& device, std::string_view path, FieldRange fields,
                   Readings& readings) noexcept {
    const auto set = [&](FieldId field, std::optional<std::int64_t> value) {
        if (value)
            readings.set(field - fields_of("lxc_io").first + fields.first, *value);
    };
    set(field_id("lxc_io", "read_bytes"), device.read_bytes);
    set(field_id("lxc_io", "write_bytes"), device.write_bytes);
    set(field_id("lxc_io", "read_ops"), device.read_ops);
    set(field_id("lxc_io", "write_ops"), device.write_ops);
    set(field_id("lxc_io", "discard_bytes"), device.discard_bytes);
    set(field_id("lxc_io", "discard_ops"), device.discard_ops);
    if (!path.empty())
        readings.set(field_id("lxc_io", "device_path") - fields_of("lxc_io").first + fields.first, path);
}

bool has_counted(const DeviceIo& device) noexcept {
    return device.read_bytes.value_or(0) != 0 || device.write_bytes.value_or(0) != 0 ||
           device.read_ops.value_or(0) != 0 || device.write_ops.value_or(0) != 0 ||
           device.discard_bytes.value_or(0) != 0 || device.discard_ops.value_or(0) != 0;
}

void drop_uncounted(std::vector<DeviceIo>& devices) {
    std::erase_if(devices, [](const DeviceIo& device) { return !has_counted(device); });
}

BlockIoSampler::BlockIoSampler(const ContainerFiles& files) {
    if (!files.selection.has_any(fields_of("lxc_io")))
        return;
    throttle_ = {files.v1("blkio", "blkio.throttle.io_service_bytes_recursive", io::Keep::if_roomy),
                 files.v1("blkio", "blkio.throttle.io_serviced_recursive", io::Keep::if_roomy)};
    bfq_ = {files.v1("blkio", "blkio.bfq.io_service_bytes_recursive", io::Keep::if_roomy),
            files.v1("blkio", "blkio.bfq.io_serviced_recursive", io::Keep::if_roomy)};
    if (!throttle_.bytes)
        io_stat_ = files.v2("io.stat");
}

void BlockIoSampler::read_v1(V1Files& files, std::span<char> buffer) {
    const std::span<char> half = buffer.first(buffer.size() / 2);
    parse_blkio(text_of(files.operations, half), true, devices_);
    drop_uncounted(devices_);
    if (devices_.empty())
        return; // no operations, so no bytes
    parse_blkio(text_of(files.bytes, buffer.subspan(half.size())), false, devices_);
    drop_uncounted(devices_);
}

void BlockIoSampler::sample(std::span<char> buffer, bool seldom, DeviceNames& names,
                            std::span<const Tag> tags, std::int64_t time_ns, PointBuffer& points) {
    const bool had_counted = !devices_.empty();
    devices_.clear();
    if (throttle_.bytes && !had_counted && !seldom)
        return;
    parse_io_stat(text_of(io_stat_, buffer), devices_);
    if (throttle_.bytes)
        read_v1(throttle_, buffer);
    if (bfq_.bytes && devices_.empty())
        read_v1(bfq_, buffer);
    for (const DeviceIo& device : devices_) {
        const BlockDevice& block = names.find(device.number);
        if (!block.is_wanted)
            continue;
        const std::array<Tag, 2> own{{{"device", block.shown}, stacked_tag(block)}};
        Readings readings;
        set_device_io(device, block.path, fields_of("lxc_io"), readings);
        readings.emit(fields_of("lxc_io"), tags, own, time_ns, points);
    }
}

} // namespace lxcmon::sample
