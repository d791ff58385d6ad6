// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/watched_file.hpp"
#include "model/readings.hpp"
#include "model/selection.hpp"
#include "sample/cgroup/cadence.hpp"
#include "sample/cgroup/layout.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::sample {

/// True if a field is sent, or is an input of a computed field that is sent.
[[nodiscard]] bool is_needed(FieldId field, const Selection& selection) noexcept;

/// The control files to read on this host and the fields to take from each: the field table, grouped by file.
/// Made once, at start.
class CgroupPlan {
  public:
    /// Contains only files that a selected field, plain or computed, needs.
    explicit CgroupPlan(const CgroupLayout& layout, const Selection& selection = Selection::everything());

    struct Wanted {
        std::string_view key; ///< empty: the file holds a single number
        FieldId field;
        NumberFormat reading;
    };
    struct File {
        std::size_t hierarchy; ///< index in the layout; 0 for a file of the host
        std::string_view name;
        std::vector<Wanted> wanted;
        Cadence cadence = Cadence::each_tick;
    };
    /// Sorted by cadence: seldom files last.
    [[nodiscard]] const std::vector<File>& files() const noexcept { return files_; }

  private:
    std::vector<File> files_;
};

/// Adds a row of the field table to the files that are read.
void add_wanted(std::size_t hierarchy, const CgroupSource& source, FieldId field,
                std::vector<CgroupPlan::File>& files);

/// Parses one control file's text into `readings`. A value is left out if it is missing, malformed, too large
/// for the field, or a limit of "max". Exposed for tests and for the host's files.
void take_fields(std::string_view text, const CgroupPlan::File& file, Readings& readings) noexcept;

/// The control files of one container, kept open while the budget allows. Sampling thread only.
class CgroupReader {
  public:
    /// `directories`: from container_directories(). All arguments are borrowed; the directories must live as
    /// long as this object. If `changes` is null, unchanged files are read too.
    CgroupReader(const CgroupPlan& plan, int root_fd, std::span<const std::optional<std::string>> directories,
                 io::FdBudget& budget, io::FileChanges* changes = nullptr);

    /// The cadences that are due, besides the files of each tick and changed files.
    struct Due {
        bool seldom = true, throttling = true;
    };
    struct Fault {
        std::string path;
        int error = 0;
    };
    /// Reads each due file into `readings` and adds the known values of unchanged files. `buffer` is scratch
    /// space. Returns the path and errno of the first file that can't be read; a missing file is no error.
    std::optional<Fault> read(std::span<char> buffer, Due due, Readings& readings) noexcept;

  private:
    struct Opened {
        const CgroupPlan::File* plan;
        io::WatchedFile file;
        std::vector<std::optional<std::int64_t>> known; ///< if the file is watched: as `plan->wanted`
    };
    static void recall(const Opened& opened, Readings& readings) noexcept;

    std::vector<Opened> files_;
};

} // namespace lxcmon::sample
