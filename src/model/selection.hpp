// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/field_table.hpp"

#include <bitset>
#include <span>
#include <string>

namespace lxcmon {

/// The fields that are sent. Samplers skip reads that no selected field needs.
class Selection {
  public:
    /// Every field.
    [[nodiscard]] static Selection everything() noexcept;
    /// The measurements and fields that are sent by default.
    [[nodiscard]] static Selection by_default() noexcept;
    /// Applies patterns in order: GLOB or +GLOB adds fields, !GLOB removes them. A glob (fnmatch(3)) matches
    /// measurements ("host_*"), or measurement and field ("lxc_memory.*_bytes"). Fields that are off by
    /// default are only added by the second kind. If the first pattern begins with + or !, the start is the
    /// default, else the empty selection. Without patterns: the default. Throws std::invalid_argument with
    /// the glob if it matches no field.
    [[nodiscard]] static Selection of(std::span<const std::string> patterns);

    /// Removes all fields that `glob` matches; returns false if it matches none.
    bool remove(const std::string& glob);

    [[nodiscard]] bool has(FieldId field) const noexcept { return fields_.test(field); }
    [[nodiscard]] bool has_any(FieldRange range) const noexcept;

    friend bool operator==(const Selection&, const Selection&) = default;

  private:
    bool set(const std::string& glob, bool wanted);

    std::bitset<field_count> fields_;
};

} // namespace lxcmon
