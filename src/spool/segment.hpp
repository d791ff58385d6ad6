#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::spool {

/// Which batch of which segment.
struct Entry {
    std::uint64_t segment = 0;
    std::size_t index = 0;
};

/// Where in a plain segment a batch stands.
struct Range {
    std::size_t index = 0; ///< of SpoolEntry
    std::uint64_t begin = 0, end = 0;
    std::uint64_t lines = 0;
    bool cancelled = false; ///< delivered after all: not to be sent again
};

/// One file of the spool: JSON Lines, plain while it is written and for a while after, then gzipped.
struct Segment {
    enum class Fate {
        waiting,   ///< its points are to be delivered
        to_remove, ///< they have been
        set_aside, ///< it can't be read, and becomes NAME.bad
    };
    std::uint64_t number = 0;
    std::string name;
    bool is_gzip = false;
    std::uint64_t bytes = 0;   ///< on disk
    std::int64_t mtime_ns = 0; ///< when the last batch came in
    std::uint64_t lines = 0;   ///< not delivered yet
    std::vector<Range> ranges; ///< of this run's batches, while it is plain
    Fate fate = Fate::waiting;

    [[nodiscard]] Range* find(std::size_t index) noexcept;
    /// Whether what begins at `offset` belongs to a batch that was cancelled. Of ascending offsets; `hint`
    /// begins as 0.
    [[nodiscard]] bool is_cancelled(std::uint64_t offset, std::size_t& hint) const noexcept;
};

/// `000000000042.jsonl`
[[nodiscard]] std::string plain_name(std::uint64_t number);
/// `000000000042-5000.jsonl.gz`
[[nodiscard]] std::string gzip_name(std::uint64_t number, std::uint64_t lines);
/// `000000000042.jsonl.gz.tmp`
[[nodiscard]] std::string temporary_name(std::uint64_t number);
/// The number and kind (and lines, where gzipped) that a name stands for; nothing where it is no segment's.
[[nodiscard]] std::optional<Segment> segment_of_name(std::string_view name);
/// The number that any name begins with, so that no new segment gets a name that was there before.
[[nodiscard]] std::uint64_t number_of_name(std::string_view name) noexcept;

} // namespace lxcmon::spool
