// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/field_table.hpp"
#include "model/point.hpp"

#include <array>
#include <bitset>
#include <cassert>
#include <cstdint>
#include <limits>
#include <optional>

namespace lxcmon {

/// A count as an integer field: values above 2^63-1 become 2^63-1.
[[nodiscard]] constexpr std::int64_t clamped(std::uint64_t number) noexcept {
    constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
    return static_cast<std::int64_t>(number < most ? number : most);
}

/// The values of one container (or one of its devices) while they are collected: a slot for each row of the
/// field table. Fields that are not set are not in the point.
class Readings {
  public:
    void clear() noexcept { present_.reset(); }

    void set(FieldId id, FieldValue value) noexcept {
        assert(value.index() == static_cast<std::size_t>(field_table[id].type));
        values_[id] = value;
        present_.set(id);
    }

    [[nodiscard]] std::optional<std::int64_t> integer(FieldId id) const noexcept {
        if (!present_.test(id))
            return std::nullopt;
        const auto* number = std::get_if<std::int64_t>(&values_[id]);
        return number != nullptr ? std::optional(*number) : std::nullopt;
    }

    /// Adds one point with the fields of `range` that are set and selected in `points`; no point if there is
    /// no such field.
    void emit(FieldRange range, std::span<const Tag> tags, std::span<const Tag> own_tags,
              std::int64_t time_ns, PointBuffer& points) const {
        points.begin(field_table[range.first].measurement, time_ns);
        points.tags(tags);
        points.tags(own_tags);
        for (FieldId id = range.first; id < range.last; ++id)
            if (present_.test(id) && points.selection().has(id))
                points.field(field_table[id].name, values_[id]);
        points.end();
    }

  private:
    std::array<FieldValue, field_count> values_{};
    std::bitset<field_count> present_;
};

} // namespace lxcmon
