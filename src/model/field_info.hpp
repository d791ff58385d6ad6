#pragma once

#include <cstdint>
#include <string_view>

namespace lxcmon {

enum class FieldType : std::uint8_t { integer, floating, boolean, string };

/// How a number in a control file becomes the field's number.
enum class NumberFormat : std::uint8_t {
    plain,         ///< as it stands
    limit,         ///< "max", -1 and v1's huge "unlimited" mean: no field
    nsec_to_usec,  ///< nanoseconds in the file
    ticks_to_usec, ///< USER_HZ clock ticks in the file
    kib_to_bytes   ///< "N kB" in the file, meaning KiB
};

/// Where a field comes from: a control file in the container's cgroup, and a key in it where the file
/// is flat-keyed ("key value" a line). An empty file: not there in this cgroup version, or computed.
/// On v1 the controller is the file name's part before the first dot.
/// A figure of the host has its file, "proc/...", in v2's place.
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
    /// For people, where the figure does not stand in a file of its own or under a key.
    std::string_view source{};
};

namespace detail {
inline constexpr auto i = FieldType::integer;
inline constexpr auto f = FieldType::floating;
inline constexpr auto b = FieldType::boolean;
inline constexpr auto s = FieldType::string;
inline constexpr auto limit = NumberFormat::limit;
inline constexpr auto nsec = NumberFormat::nsec_to_usec;
inline constexpr auto ticks = NumberFormat::ticks_to_usec;
inline constexpr auto kib = NumberFormat::kib_to_bytes;
} // namespace detail

} // namespace lxcmon
