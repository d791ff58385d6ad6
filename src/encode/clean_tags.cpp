// SPDX-License-Identifier: GPL-2.0-or-later
#include "encode/clean_tags.hpp"

#include "text/clean_name.hpp"

#include <algorithm>

namespace lxcmon::encode {

std::span<const Tag> clean_tags(const Point& point, std::optional<PointBuffer>& buffer) {
    if (std::ranges::all_of(point.tags, &text::is_clean, &Tag::key))
        return point.tags;
    PointBuffer& points = buffer.emplace(); // rarely needed, and it allocates
    points.begin(point.measurement, point.time_ns);
    for (const Tag& tag : point.tags)
        points.tag(points.store(text::clean_name(tag.key)), tag.value);
    points.field("", true); // a point without fields would be dropped
    points.end();
    return points[0].tags;
}

} // namespace lxcmon::encode
