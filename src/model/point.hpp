#pragma once

#include "model/selection.hpp"

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lxcmon {

/// A tag as the encoder takes it: raw text, nothing escaped yet.
struct Tag {
    std::string_view key;
    std::string_view value;
};

/// The four types of SCHEMA.md: integer, float, boolean, string.
using FieldValue = std::variant<std::int64_t, double, bool, std::string_view>;

struct Field {
    std::string_view key;
    FieldValue value;
};

/// A view of one point. The texts belong to the PointBuffer or to whoever gave them to it.
struct Point {
    std::string_view measurement;
    std::span<const Tag> tags; ///< sorted by key bytes, no key twice, no empty value
    std::span<const Field> fields;
    std::int64_t time_ns = 0; ///< since 1970, UTC
};

/// The value of a tag; empty where the point has none of that key.
[[nodiscard]] std::string_view tag_of(const Point& point, std::string_view key) noexcept;

/// The points of a tick. Storage is kept between ticks, so that a steady tick allocates nothing.
/// Not for use from several threads.
class PointBuffer {
  public:
    /// From now on Readings add only these fields to it. Every field, until said otherwise.
    void select(const Selection& selection) noexcept { selection_ = selection; }
    [[nodiscard]] const Selection& selection() const noexcept { return selection_; }

    /// Forgets all points; every Point and every stored text becomes invalid.
    void clear() noexcept;

    /// Starts a point. Tags and fields that follow belong to it, until end().
    /// `measurement` must outlive the buffer's content (literals, or store()d).
    void begin(std::string_view measurement, std::int64_t time_ns);

    /// Texts must outlive the buffer's content. A tag with an empty value is left out; of two
    /// tags with one key the later one counts.
    void tag(std::string_view key, std::string_view value);
    void tags(std::span<const Tag> tags);

    /// NaN and infinities are left out: they have no place in line protocol.
    void field(std::string_view key, FieldValue value);

    /// Ends the point: sorts its tags, and drops it when it has got no field.
    void end();

    /// Forgets the points from number `size` on, as if they had never been added.
    void truncate(std::size_t size) noexcept;

    /// Copies a text that does not live long enough by itself.
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
