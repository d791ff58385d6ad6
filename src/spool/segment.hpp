// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::spool {

/// More than the spool ever writes to a segment, uncompressed. What is larger was made to be slow, or is no
/// segment of the spool.
inline constexpr std::uint64_t most_segment_bytes = std::uint64_t{64} << 20U;

/// Identifies a batch in a segment.
struct Entry {
    std::uint64_t segment = 0; ///< Segment::number
    std::size_t index = 0;
};

/// The position of a batch in a plain segment.
struct Range {
    std::size_t index = 0;            ///< Entry::index
    std::uint64_t begin = 0, end = 0; ///< bytes: [begin, end)
    std::uint64_t lines = 0;
    bool cancelled = false; ///< was delivered from memory, must not be sent again
};

/// One file of the spool: JSON Lines, plain while it is written and shortly after, then gzipped.
struct Segment {
    enum class Fate {
        waiting,   ///< its points are not delivered yet
        to_remove, ///< all its points are delivered
        set_aside, ///< it can't be read, and is renamed to NAME.bad
    };
    std::uint64_t number = 0;
    std::string name;
    bool is_gzip = false;
    std::uint64_t bytes = 0;   ///< on disk
    std::int64_t mtime_ns = 0; ///< when the last batch was added
    std::uint64_t lines = 0;   ///< not delivered yet
    std::vector<Range> ranges; ///< the batches of this run, sorted by index; only of a plain segment
    Fate fate = Fate::waiting;

    /// The batch with this index; nullptr if it is not in `ranges`.
    [[nodiscard]] Range* find(std::size_t index) noexcept;
    /// True if the byte at `offset` belongs to a cancelled batch. Call with ascending offsets, and with the
    /// same `hint`, initially 0.
    [[nodiscard]] bool is_cancelled(std::uint64_t offset, std::size_t& hint) const noexcept;
};

/// `000000000042.jsonl`
[[nodiscard]] std::string plain_name(std::uint64_t number);
/// `000000000042-5000.jsonl.gz`
[[nodiscard]] std::string gzip_name(std::uint64_t number, std::uint64_t lines);
/// `000000000042.jsonl.gz.tmp`
[[nodiscard]] std::string temporary_name(std::uint64_t number);
/// `000000000042.jsonl.bad`: what the spool keeps of a damaged segment.
[[nodiscard]] std::string bad_name(std::string_view segment_name);
/// True for the name that bad_name() makes of the name of a segment.
[[nodiscard]] bool is_bad_name(std::string_view name);
/// Parses the name of a segment: number, kind, and lines if gzipped. Returns nothing for any other name.
[[nodiscard]] std::optional<Segment> segment_of_name(std::string_view name);
/// The number at the start of any file name, or 0. New segments get higher numbers.
[[nodiscard]] std::uint64_t number_of_name(std::string_view name) noexcept;

/// Sets the modification time, which is the age of the points in the file. On failure the file only looks a
/// little younger: not an error.
void set_mtime(int fd, std::int64_t mtime_ns) noexcept;

} // namespace lxcmon::spool
