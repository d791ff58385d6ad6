// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/selection.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lxcmon {

/// A tag before encoding: raw text, not escaped.
struct Tag {
    std::string_view key;
    std::string_view value;
};

/// The four field types (docs/measurements.md): integer, float, boolean, string.
using FieldValue = std::variant<std::int64_t, double, bool, std::string_view>;

struct Field {
    std::string_view key;
    FieldValue value;
};

/// A view of one point. The PointBuffer, or the caller that added them, owns the texts.
struct Point {
    std::string_view measurement;
    std::span<const Tag> tags; ///< sorted by key bytes, no key twice, no empty value
    std::span<const Field> fields;
    std::int64_t time_ns = 0; ///< since 1970, UTC
};

/// The value of a tag; empty if the point has no such tag.
[[nodiscard]] std::string_view tag_of(const Point& point, std::string_view key) noexcept;

/// The value of a field; nothing if the point has none of this type.
template <typename Type>
[[nodiscard]] std::optional<Type> field_of(const Point& point, std::string_view key) {
    for (const Field& each : point.fields)
        if (each.key == key)
            if (const auto* value = std::get_if<Type>(&each.value))
                return *value;
    return std::nullopt;
}

/// The points of a tick. Storage is kept between ticks, so that a steady tick does not allocate.
/// Not thread-safe.
class PointBuffer {
  public:
    /// Sets the fields that Readings add to this buffer. Default: every field.
    void select(const Selection& selection) noexcept { selection_ = selection; }
    [[nodiscard]] const Selection& selection() const noexcept { return selection_; }

    /// Removes all points; every Point and every stored text becomes invalid.
    void clear() noexcept;

    /// Starts a point, to which tags and fields are added until end().
    /// `measurement` must outlive the buffer's content (a literal, or a result of store()).
    void begin(std::string_view measurement, std::int64_t time_ns);

    /// Texts must outlive the buffer's content. A tag with an empty value is skipped; of two tags with the
    /// same key the later one is kept.
    void tag(std::string_view key, std::string_view value);
    void tags(std::span<const Tag> tags);

    /// NaN and infinities are skipped: line protocol can't represent them.
    void field(std::string_view key, FieldValue value);

    /// Ends the point: sorts its tags. A point without fields is dropped.
    void end();

    /// Removes the points from index `size` on.
    void truncate(std::size_t size) noexcept;

    /// Copies a text into the buffer; the view is valid until clear().
    [[nodiscard]] std::string_view store(std::string_view text);

    [[nodiscard]] std::size_t size() const noexcept { return points_.size(); }
    [[nodiscard]] bool empty() const noexcept { return points_.empty(); }
    [[nodiscard]] Point operator[](std::size_t index) const noexcept;

  private:
    struct Extent {
        std::string_view measurement;
        std::int64_t time_ns = 0;
        std::size_t first_tag = 0, tag_count = 0;
        std::size_t first_field = 0, field_count = 0;
    };

    Selection selection_ = Selection::everything();
    std::vector<Extent> points_;
    Extent open_{};
    std::vector<Tag> tags_;
    std::vector<Field> fields_;
    std::deque<std::string> texts_; ///< a deque, because views into its strings must stay valid
    std::size_t texts_used_ = 0;
};

} // namespace lxcmon
