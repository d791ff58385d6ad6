// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/point.hpp"

#include <algorithm>
#include <cmath>

namespace lxcmon {

void PointBuffer::clear() noexcept {
    points_.clear();
    tags_.clear();
    fields_.clear();
    texts_used_ = 0;
}

void PointBuffer::begin(std::string_view measurement, std::int64_t time_ns) {
    open_ = {measurement, time_ns, tags_.size(), 0, fields_.size(), 0};
}

void PointBuffer::tag(std::string_view key, std::string_view value) {
    if (!value.empty())
        tags_.push_back({key, value});
}

void PointBuffer::tags(std::span<const Tag> tags) {
    for (const Tag& each : tags)
        tag(each.key, each.value);
}

void PointBuffer::field(std::string_view key, FieldValue value) {
    if (const auto* number = std::get_if<double>(&value); number != nullptr && !std::isfinite(*number))
        return;
    fields_.push_back({key, value});
}

void PointBuffer::end() {
    open_.field_count = fields_.size() - open_.first_field;
    if (open_.field_count == 0) {
        tags_.resize(open_.first_tag);
        return;
    }
    // An insertion sort: there are few tags, mostly sorted, and std::stable_sort would allocate.
    const auto first = tags_.begin() + static_cast<std::ptrdiff_t>(open_.first_tag);
    for (auto next = first; next != tags_.end(); ++next) {
        const auto place =
            std::upper_bound(first, next, *next, [](const Tag& a, const Tag& b) { return a.key < b.key; });
        std::rotate(place, next, next + 1);
    }
    // Of equal keys keep the last: the sort is stable, so go backwards.
    const auto kept = std::unique(tags_.rbegin(), std::make_reverse_iterator(first),
                                  [](const Tag& a, const Tag& b) { return a.key == b.key; });
    tags_.erase(first, kept.base());
    open_.tag_count = tags_.size() - open_.first_tag;
    points_.push_back(open_);
}

void PointBuffer::truncate(std::size_t size) noexcept {
    if (size >= points_.size())
        return;
    tags_.resize(points_[size].first_tag);
    fields_.resize(points_[size].first_field);
    points_.resize(size);
}

std::string_view PointBuffer::store(std::string_view text) {
    if (texts_used_ == texts_.size())
        texts_.emplace_back();
    std::string& slot = texts_[texts_used_++];
    slot.assign(text);
    return slot;
}

Point PointBuffer::operator[](std::size_t index) const noexcept {
    const Extent& at = points_[index];
    return {at.measurement, std::span(tags_).subspan(at.first_tag, at.tag_count),
            std::span(fields_).subspan(at.first_field, at.field_count), at.time_ns};
}

std::string_view tag_of(const Point& point, std::string_view key) noexcept {
    for (const Tag& each : point.tags)
        if (each.key == key)
            return each.value;
    return {};
}

} // namespace lxcmon
