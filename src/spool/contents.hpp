// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "spool/folder.hpp"
#include "spool/segment.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lxcmon::spool {

/// The damaged part of a segment, kept as `NAME.bad` for a person to inspect.
struct BadFile {
    std::string name;
    std::uint64_t bytes = 0;
    std::int64_t mtime_ns = 0;
};

/// What the folder of a spool contains at the start.
struct Contents {
    std::vector<Segment> segments; ///< oldest first
    std::vector<BadFile> bad;      ///< oldest first
    std::uint64_t next_number = 1; ///< higher than that of any segment
};

/// Scans the folder, which must be open, and cleans up after a crash: removes unfinished and duplicate files.
/// Leaves alone whatever has no name of the spool's own or is not a regular file, and logs how many there
/// are. Returns what is wrong if the folder can't be read.
[[nodiscard]] std::optional<std::string> read_contents(const Folder& folder, Contents& contents);

/// The names of the folders in this one that have segments, sorted. Follows no link in it.
[[nodiscard]] std::vector<std::string> folders_with_segments(const std::string& path);

/// Returns the current state of a `*.bad` file; nothing if it does not exist.
[[nodiscard]] std::optional<BadFile> inspect_bad(const Folder& folder, const std::string& name);

/// The quarantine's files in this folder.
inline constexpr const char* rejected_name = "rejected.jsonl";
inline constexpr const char* old_rejected_name = "rejected.jsonl.1";
/// Bytes of the quarantine's files.
[[nodiscard]] std::uint64_t rejected_bytes(const Folder& folder) noexcept;

} // namespace lxcmon::spool
