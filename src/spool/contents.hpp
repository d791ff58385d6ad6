#pragma once

#include "spool/folder.hpp"
#include "spool/segment.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lxcmon::spool {

/// A file that nothing could be made of, kept for a person: `*.bad`.
struct BadFile {
    std::string name;
    std::uint64_t bytes = 0;
    std::int64_t mtime_ns = 0;
};

/// What the last run left.
struct Contents {
    std::vector<Segment> segments; ///< oldest first
    std::vector<BadFile> bad;      ///< oldest first
    std::uint64_t next_number = 1; ///< no file has it
};

/// Looks into the folder, which is open, and tidies up after a crash: removes half-made files and what stands
/// there twice, and renames files of strangers to `*.bad`, with a line in the log for each. Leaves folders,
/// symlinks and the like alone. Returns what is wrong where the folder can't be read.
[[nodiscard]] std::optional<std::string> read_contents(const Folder& folder, Contents& contents);

/// Renames a file to `NAME.bad` (`NAME.2.bad` where that is taken, and so on). Returns the new name, or an
/// empty one and errno.
[[nodiscard]] std::string set_aside(const Folder& folder, const std::string& name);

/// A `*.bad` as it is on disk now; nothing where it is not there.
[[nodiscard]] std::optional<BadFile> inspect_bad(const Folder& folder, const std::string& name);

/// Files of this folder that other parts look after: the quarantine's.
inline constexpr const char* rejected_name = "rejected.jsonl";
inline constexpr const char* old_rejected_name = "rejected.jsonl.1";
/// And the one that says whose points these are.
inline constexpr const char* owner_name = "owner";
/// How many bytes those have.
[[nodiscard]] std::uint64_t rejected_bytes(const Folder& folder) noexcept;

} // namespace lxcmon::spool
