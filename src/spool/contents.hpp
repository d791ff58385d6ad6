// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "spool/folder.hpp"
#include "spool/segment.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lxcmon::spool {

/// A damaged or unexpected file, kept as `*.bad` for a person to inspect.
struct BadFile {
    std::string name;
    std::uint64_t bytes = 0;
    std::int64_t mtime_ns = 0;
};

/// What the folder of a spool contains at the start.
struct Contents {
    std::vector<Segment> segments; ///< oldest first
    std::vector<BadFile> bad;      ///< oldest first
    std::uint64_t next_number = 1; ///< higher than the number of any file
};

/// Scans the folder, which must be open, and cleans up after a crash: removes unfinished and duplicate files.
/// Renames unexpected files to `*.bad`, with a line in the log for each. Ignores everything except regular
/// files. Returns what is wrong if the folder can't be read.
[[nodiscard]] std::optional<std::string> read_contents(const Folder& folder, Contents& contents);

/// Renames a file to `NAME.bad`, or to `NAME.2.bad` and so on if that name is taken. Returns the new name; an
/// empty one, and errno, on failure.
[[nodiscard]] std::string set_aside(const Folder& folder, const std::string& name);

/// Returns the current state of a `*.bad` file; nothing if it does not exist.
[[nodiscard]] std::optional<BadFile> inspect_bad(const Folder& folder, const std::string& name);

/// The quarantine's files in this folder.
inline constexpr const char* rejected_name = "rejected.jsonl";
inline constexpr const char* old_rejected_name = "rejected.jsonl.1";
/// The file that names the server of these points.
inline constexpr const char* owner_name = "owner";
/// Bytes of the quarantine's files.
[[nodiscard]] std::uint64_t rejected_bytes(const Folder& folder) noexcept;

} // namespace lxcmon::spool
