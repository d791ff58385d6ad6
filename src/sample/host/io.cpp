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
    reads = 0,
    sectors_read = 2,
    writes = 4,
    sectors_written = 6,
    old_column_count = 11, ///< before Linux 4.18
    discards = 11,
    sectors_discarded = 13,
    disk_column_count = 14 ///< used columns; more follow
};

std::optional<std::int64_t> bytes(std::string_view word) noexcept {
    auto number = io::parse_count(word);
    return number && !__builtin_mul_overflow(*number, sector_bytes, &*number) ? number : std::nullopt;
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
                             io::parse_count(columns[discards])}};
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
        const std::array<Tag, 2> own{
            {{"device",
              text::is_clean(line->name) ? points.store(line->name) : points.store(shown_name(*line))},
             stacked_tag(block)}};
        readings_.emit(fields_of("host_io"), tags, own, time_ns, points);
    });
    std::erase_if(disks_, [this](const auto& item) { return item.second.round != round_; });
}

} // namespace lxcmon::sample
