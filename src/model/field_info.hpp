// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string_view>

namespace lxcmon {

enum class FieldType : std::uint8_t { integer, floating, boolean, string };

/// How to convert a number in a control file to the field's unit.
enum class NumberFormat : std::uint8_t {
    plain,             ///< no conversion
    limit,             ///< "max", -1 and v1's huge "unlimited" give no field
    nsec_to_usec,      ///< nanoseconds in the file
    ticks_to_usec,     ///< USER_HZ clock ticks in the file
    kib_to_bytes,      ///< "N kB" in the file, meaning KiB
    bare_kib_to_bytes, ///< KiB in the file, without a unit
    kstat              ///< "TYPE N" in the file, padded with blanks (OpenZFS)
};

/// Source of a field: a control file in the container's cgroup, and a key if the file is flat-keyed ("key
/// value" a line). An empty file: this cgroup version has none, or the field is computed.
/// On v1 the controller is the part of the file name before the first dot.
/// Fields of the host have their file, "proc/...", in `v2`.
struct CgroupSource {
    std::string_view file{};
    std::string_view key{};
    NumberFormat reading = NumberFormat::plain;

    [[nodiscard]] constexpr bool is_of_host() const noexcept { return file.starts_with("proc/"); }
};

struct FieldInfo {
    std::string_view measurement;
    std::string_view name;
    FieldType type{};
    std::string_view unit; ///< "" for counts
    CgroupSource v1{};
    CgroupSource v2{};
    /// Description of the source for documents; empty if `v1` or `v2` has it.
    std::string_view source{};
    /// Sent with its measurement. Otherwise only a pattern of fields turns it on: `+lxc_memory.*`.
    bool is_on_by_default = true;
};

namespace detail {
inline constexpr auto i = FieldType::integer;
inline constexpr auto f = FieldType::floating;
inline constexpr auto b = FieldType::boolean;
inline constexpr auto s = FieldType::string;
inline constexpr bool off = false; ///< not sent by default
inline constexpr auto limit = NumberFormat::limit;
inline constexpr auto nsec = NumberFormat::nsec_to_usec;
inline constexpr auto ticks = NumberFormat::ticks_to_usec;
inline constexpr auto kib = NumberFormat::kib_to_bytes;
inline constexpr auto bare_kib = NumberFormat::bare_kib_to_bytes;
inline constexpr auto kstat = NumberFormat::kstat;
} // namespace detail

} // namespace lxcmon
