// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/cgroup/hugetlb.hpp"

#include "io/parse.hpp"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <limits>
#include <memory>

namespace lxcmon::sample {
namespace {

constexpr const char* pools = "sys/kernel/mm/hugepages";
/// More than any machine has, and less than LONG_MAX rounded down to the largest huge page (16 GiB).
constexpr std::int64_t unlimited = std::numeric_limits<std::int64_t>::max() - (std::int64_t{1} << 40);

constexpr FieldRange hugetlb_fields = fields_of("lxc_hugetlb");
constexpr FieldId usage_bytes = field_id("lxc_hugetlb", "usage_bytes");
constexpr FieldId limit_bytes = field_id("lxc_hugetlb", "limit_bytes");
constexpr FieldId events_max = field_id("lxc_hugetlb", "events_max");

std::optional<std::int64_t> kib_of(std::string_view folder) noexcept {
    constexpr std::string_view before = "hugepages-";
    constexpr std::string_view after = "kB";
    if (!folder.starts_with(before) || !folder.ends_with(after))
        return std::nullopt;
    folder.remove_prefix(before.size());
    folder.remove_suffix(after.size());
    const auto kib = io::parse_count(folder);
    return kib && *kib > 0 && *kib <= unlimited / 1024 ? kib : std::nullopt;
}

std::optional<std::int64_t> parse_max_events(std::string_view text) noexcept {
    std::optional<std::int64_t> count;
    io::for_each_line(text, [&](std::string_view line) {
        if (io::take_until(line, ' ') == "max")
            count = io::parse_count(line);
    });
    return count;
}

} // namespace

std::optional<std::string> huge_page_size(std::string_view folder) {
    const auto kib = kib_of(folder);
    if (!kib)
        return std::nullopt;
    // mem_fmt() of mm/hugetlb_cgroup.c.
    if (*kib >= 1 << 20)
        return std::to_string(*kib >> 20) + "GB";
    return *kib >= 1 << 10 ? std::to_string(*kib >> 10) + "MB" : std::to_string(*kib) + "KB";
}

std::optional<std::int64_t> parse_hugetlb_limit(std::string_view text) noexcept {
    const auto limit = io::parse_count_line(text);
    return limit && *limit < unlimited ? limit : std::nullopt;
}

HugePages::HugePages(int root_fd)
    : root_fd_(root_fd) {
    io::UniqueFd fd = io::open_below(root_fd, pools, O_DIRECTORY);
    if (!fd)
        return; // a kernel without huge pages
    const auto close = [](DIR* folder) { ::closedir(folder); };
    const std::unique_ptr<DIR, decltype(close)> folder(::fdopendir(fd.get()), close);
    if (!folder)
        return;
    static_cast<void>(fd.release()); // now owned by the folder
    while (const dirent* entry = ::readdir(folder.get())) {
        const std::string_view name = entry->d_name;
        if (auto size = huge_page_size(name)) {
            const std::string stem = "hugetlb." + *size + '.';
            sizes_.push_back({*kib_of(name) * 1024,
                              std::move(*size),
                              pools + ('/' + std::string(name)) + "/nr_hugepages",
                              false,
                              {stem + "usage_in_bytes", stem + "limit_in_bytes", stem + "failcnt"},
                              {stem + "current", stem + "max", stem + "events"}});
        }
    }
    std::ranges::sort(sizes_, {}, &Size::bytes);
}

void HugePages::refresh() {
    for (Size& size : sizes_) {
        // If the pool can't be read, assume that it has pages: the containers' files must be read.
        const bool is_known = io::try_read_whole(root_fd_, size.pool_path.c_str(), text_) == 0;
        size.has_pages = !is_known || io::parse_count_line(text_) != 0;
    }
}

HugetlbSampler::HugetlbSampler(const ContainerFiles& files, const HugePages& pages)
    : is_v1_(files.layout.find_v1("hugetlb").has_value()) {
    sizes_.reserve(pages.sizes().size());
    for (const HugePages::Size& page : pages.sizes()) {
        const auto file = [&](std::string_view v1, std::string_view v2) {
            return is_v1_ ? files.v1("hugetlb", v1) : files.v2(v2);
        };
        sizes_.push_back({&page, file(page.v1.usage, page.v2.usage), file(page.v1.limit, page.v2.limit),
                          file(page.v1.events, page.v2.events)});
    }
}

void HugetlbSampler::read(Size& size, bool all, std::span<char> buffer, Readings& readings) const {
    const auto take = [&](FieldId field, std::optional<std::int64_t> value) {
        if (value)
            readings.set(field, *value);
    };
    if (all || size.page->has_pages)
        take(usage_bytes, io::parse_count_line(text_of(size.usage, buffer)));
    if (!all)
        return;
    take(limit_bytes, parse_hugetlb_limit(text_of(size.limit, buffer)));
    const std::string_view events = text_of(size.events, buffer);
    take(events_max, is_v1_ ? io::parse_count_line(events) : parse_max_events(events));
}

/// An open descriptor costs the kernel a page after its first read.
void HugetlbSampler::close_idle(Size& size) noexcept {
    for (auto* file : {&size.limit, &size.events})
        if (*file)
            (*file)->close();
    if (size.usage && !size.page->has_pages)
        size.usage->close();
}

void HugetlbSampler::sample(std::span<char> buffer, bool seldom, std::span<const Tag> tags,
                            std::int64_t time_ns, PointBuffer& points) {
    if (!points.selection().has_any(hugetlb_fields))
        return;
    Readings readings;
    for (Size& size : sizes_) {
        readings.clear();
        read(size, size.is_shown || seldom, buffer, readings);
        const bool is_used = readings.integer(usage_bytes).value_or(0) > 0;
        if (!size.is_shown && is_used && !seldom)
            read(size, true, buffer, readings);
        size.is_shown = size.is_shown || is_used || readings.integer(limit_bytes) ||
                        readings.integer(events_max).value_or(0) > 0;
        if (!size.is_shown) {
            close_idle(size);
            continue;
        }
        const Tag own{"size", size.page->name};
        readings.emit(hugetlb_fields, tags, std::span(&own, 1), time_ns, points);
    }
}

} // namespace lxcmon::sample
