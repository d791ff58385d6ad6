// SPDX-License-Identifier: GPL-2.0-or-later
#include "spool/segment.hpp"

#include "io/parse.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <ctime>

namespace lxcmon::spool {
namespace {

constexpr std::size_t number_digits = 12;
constexpr std::size_t most_digits = 18; ///< in a file name: more could overflow
constexpr std::string_view bad_ending = ".bad";

std::string padded(std::uint64_t number) {
    const std::string digits = std::to_string(number);
    return std::string(number_digits - std::min(number_digits, digits.size()), '0') + digits;
}

std::string_view leading_digits(std::string_view text) noexcept {
    const std::size_t size = text.find_first_not_of("0123456789");
    return text.substr(0, std::min(size, most_digits));
}

} // namespace

Range* Segment::find(std::size_t index) noexcept {
    const auto found = std::ranges::lower_bound(ranges, index, {}, &Range::index);
    return found != ranges.end() && found->index == index ? &*found : nullptr;
}

bool Segment::is_cancelled(std::uint64_t offset, std::size_t& hint) const noexcept {
    while (hint < ranges.size() && ranges[hint].end <= offset)
        ++hint;
    return hint < ranges.size() && ranges[hint].begin <= offset && ranges[hint].cancelled;
}

std::string plain_name(std::uint64_t number) {
    return padded(number) + ".jsonl";
}

std::string gzip_name(std::uint64_t number, std::uint64_t lines) {
    return padded(number) + "-" + std::to_string(lines) + ".jsonl.gz";
}

std::string temporary_name(std::uint64_t number) {
    return padded(number) + ".jsonl.gz.tmp";
}

std::string bad_name(std::string_view segment_name) {
    return std::string(segment_name) + std::string(bad_ending);
}

bool is_bad_name(std::string_view name) {
    return name.ends_with(bad_ending) && segment_of_name(name.substr(0, name.size() - bad_ending.size()));
}

std::optional<Segment> segment_of_name(std::string_view name) {
    Segment segment;
    segment.name = name;
    segment.number = number_of_name(name);
    if (name == plain_name(segment.number))
        return segment;
    const std::size_t dash = name.find('-');
    if (dash == std::string_view::npos)
        return std::nullopt;
    segment.lines = number_of_name(name.substr(dash + 1));
    segment.is_gzip = true;
    return name == gzip_name(segment.number, segment.lines) ? std::optional(segment) : std::nullopt;
}

std::uint64_t number_of_name(std::string_view name) noexcept {
    return io::parse_number<std::uint64_t>(leading_digits(name)).value_or(0);
}

void set_mtime(int fd, std::int64_t mtime_ns) noexcept {
    constexpr std::int64_t second = 1'000'000'000;
    const timespec mtime{static_cast<std::time_t>(mtime_ns / second), static_cast<long>(mtime_ns % second)};
    const std::array<timespec, 2> times{mtime, mtime};
    static_cast<void>(!::futimens(fd, times.data()));
}

} // namespace lxcmon::spool
