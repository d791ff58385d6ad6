#pragma once

#include "model/field_table.hpp"

#include <bitset>
#include <span>
#include <string>

namespace lxcmon {

/// Which fields are sent. Reading what nobody wants is left out by those who read.
class Selection {
  public:
    /// Every field there is.
    [[nodiscard]] static Selection everything() noexcept;
    /// The measurements that are sent without being asked for.
    [[nodiscard]] static Selection by_default() noexcept;
    /// Of patterns, the later over the earlier: GLOB or +GLOB adds, !GLOB takes away. A glob (fnmatch(3)) is
    /// one on measurements ("host_*"), or on measurement and field ("lxc_memory.*_bytes"). A first pattern
    /// that begins with + or ! changes what is sent by default, any other one starts from nothing. None at
    /// all: the default. Throws std::invalid_argument with a glob that no field has.
    [[nodiscard]] static Selection of(std::span<const std::string> patterns);

    /// Takes away all fields that `glob` names; returns whether there are such fields at all.
    bool remove(const std::string& glob);

    [[nodiscard]] bool has(FieldId field) const noexcept { return fields_.test(field); }
    [[nodiscard]] bool has_any(FieldRange range) const noexcept;

    friend bool operator==(const Selection&, const Selection&) = default;

  private:
    bool set(const std::string& glob, bool wanted);

    std::bitset<field_count> fields_;
};

} // namespace lxcmon
