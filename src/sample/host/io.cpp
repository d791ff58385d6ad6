// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/host/io.hpp"

#include "io/parse.hpp"
#include "text/clean_name.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>

namespace lxcmon::sample {
namespace {

constexpr std::int64_t sector_bytes = 512; // of diskstats, for any sector size of the disk
constexpr std::size_t id_words = 3;        // major, minor, name

/// The columns after the name.
enum DiskColumn : std::size_t {
    reads,
    reads_merged,
    sectors_read,
    msec_reading,
    writes,
    writes_merged,
    sectors_written,
    msec_writing,
    now_in_flight,
    msec_busy,
    msec_queued,
    old_column_count, ///< before Linux 4.18
    discards = old_column_count,
    discards_merged,
    sectors_discarded,
    msec_discarding,
    flushes,
    msec_flushing,
    disk_column_count ///< used columns; more may follow
};

std::optional<std::int64_t> scaled(std::string_view word, std::int64_t factor) noexcept {
    auto number = io::parse_count(word);
    return number && !__builtin_mul_overflow(*number, factor, &*number) ? number : std::nullopt;
}

std::optional<std::int64_t> bytes(std::string_view word) noexcept {
    return scaled(word, sector_bytes);
}

std::optional<std::int64_t> usec(std::string_view msec) noexcept {
    return scaled(msec, 1000);
}

DiskTimes times_of(std::span<const std::string_view> columns) noexcept {
    return {.read_usec = usec(columns[msec_reading]),
            .write_usec = usec(columns[msec_writing]),
            .busy_usec = usec(columns[msec_busy]),
            .queue_usec = usec(columns[msec_queued]),
            .in_flight = io::parse_count(columns[now_in_flight]),
            .read_merges = io::parse_count(columns[reads_merged]),
            .write_merges = io::parse_count(columns[writes_merged]),
            .discard_merges = io::parse_count(columns[discards_merged]),
            .discard_usec = usec(columns[msec_discarding]),
            .flush_ops = io::parse_count(columns[flushes]),
            .flush_usec = usec(columns[msec_flushing])};
}

void set_disk_times(const DiskTimes& times, Readings& readings) noexcept {
    const auto set = [&](FieldId field, std::optional<std::int64_t> value) {
        if (value)
            readings.set(field, *value);
    };
    set(field_id("host_io", "read_usec"), times.read_usec);
    set(field_id("host_io", "write_usec"), times.write_usec);
    set(field_id("host_io", "busy_usec"), times.busy_usec);
    set(field_id("host_io", "queue_usec"), times.queue_usec);
    set(field_id("host_io", "in_flight"), times.in_flight);
    set(field_id("host_io", "read_merges"), times.read_merges);
    set(field_id("host_io", "write_merges"), times.write_merges);
    set(field_id("host_io", "discard_merges"), times.discard_merges);
    set(field_id("host_io", "discard_usec"), times.discard_usec);
    set(field_id("host_io", "flush_ops"), times.flush_ops);
    set(field_id("host_io", "flush_usec"), times.flush_usec);
}

/// "loop0", "ram15", "zram1".
bool is_backed_elsewhere(std::string_view name) noexcept {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    constexpr auto kinds = std::to_array<std::string_view>({"loop", "ram", "zram"});
    return std::ranges::any_of(kinds, [&](std::string_view kind) {
        return name.starts_with(kind) && std::ranges::all_of(name.substr(kind.size()), is_digit);
    });
}

/// The number of a device whose name is not clean.
std::string shown_name(const DiskLine& line) {
    return text::is_clean(line.name) ? std::string(line.name)
                                     : std::to_string(line.major) + ":" + std::to_string(line.minor);
}

} // namespace

std::optional<DiskLine> parse_disk_line(std::string_view line) noexcept {
    std::array<std::string_view, id_words + disk_column_count> words;
    std::size_t have = 0;
    io::for_each_word(line, [&](std::string_view word) {
        if (have < words.size())
            words[have++] = word;
    });
    const auto major = io::parse_number<std::uint32_t>(words[0]);
    const auto minor = io::parse_number<std::uint32_t>(words[1]);
    if (have < id_words + old_column_count || !major || !minor)
        return std::nullopt;
    const std::span<const std::string_view> columns = std::span(words).subspan(id_words);
    return DiskLine{*major, *minor, words[2],
                    DeviceIo{{},
                             bytes(columns[sectors_read]),
                             bytes(columns[sectors_written]),
                             io::parse_count(columns[reads]),
                             io::parse_count(columns[writes]),
                             bytes(columns[sectors_discarded]),
                             io::parse_count(columns[discards])},
                    times_of(columns)};
}

bool HostIo::is_wanted(const DiskLine& line) {
    auto known = disks_.find(line.name);
    if (known == disks_.end() || known->second.major != line.major || known->second.minor != line.minor) {
        const std::string device =
            "sys/dev/block/" + std::to_string(line.major) + ":" + std::to_string(line.minor);
        const bool is_there = ::faccessat(root_fd_, device.c_str(), F_OK, 0) == 0;
        if (!is_there) // just added or removed: checked again at the next tick
            return false;
        const bool is_whole = ::faccessat(root_fd_, (device + "/partition").c_str(), F_OK, 0) != 0;
        const std::string name(line.name);
        const bool is_wanted = globs_.wants(shown_name(line).c_str(), is_whole && !is_backed_elsewhere(name));
        known = disks_.insert_or_assign(name, Disk{line.major, line.minor, is_wanted, 0}).first;
    }
    known->second.round = round_;
    return known->second.is_wanted;
}

void HostIo::add_points(std::string_view diskstats, std::span<const Tag> tags, std::int64_t time_ns,
                        PointBuffer& points) {
    ++round_;
    io::for_each_line(diskstats, [&](std::string_view text) {
        const auto line = parse_disk_line(text);
        if (!line || !has_counted(line->io) || !is_wanted(*line))
            return;
        readings_.clear();
        const BlockDevice& block = devices_.find(line->major, line->minor);
        set_device_io(line->io, block.path, fields_of("host_io"), readings_);
        set_disk_times(line->times, readings_);
        const std::array<Tag, 2> own{
            {{"device",
              text::is_clean(line->name) ? points.store(line->name) : points.store(shown_name(*line))},
             stacked_tag(block)}};
        readings_.emit(fields_of("host_io"), tags, own, time_ns, points);
    });
    std::erase_if(disks_, [this](const auto& item) { return item.second.round != round_; });
}

} // namespace lxcmon::sample
