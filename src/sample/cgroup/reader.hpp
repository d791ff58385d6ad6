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

/// Whether a figure is sent, or another that is sent is computed from it.
[[nodiscard]] bool is_needed(FieldId field, const Selection& selection) noexcept;

/// Which control files are read on this host and what of them: the field table turned round, by file.
/// Made once, at start.
class CgroupPlan {
  public:
    /// Only files that `selection` wants something of, be it computed from them.
    explicit CgroupPlan(const CgroupLayout& layout, const Selection& selection = Selection::everything());

    struct Wanted {
        std::string_view key; ///< empty: the file is one number
        FieldId field;
        NumberFormat reading;
    };
    struct File {
        std::size_t hierarchy; ///< index in the layout; 0 where it is the host's file
        std::string_view name;
        std::vector<Wanted> wanted;
        Cadence cadence = Cadence::each_tick;
    };
    /// By cadence: those read seldom come last.
    [[nodiscard]] const std::vector<File>& files() const noexcept { return files_; }

  private:
    std::vector<File> files_;
};

/// Adds a row of the field table to the files that are read.
void add_wanted(std::size_t hierarchy, const CgroupSource& source, FieldId field,
                std::vector<CgroupPlan::File>& files);

/// Puts the numbers of one control file's text where they belong. What is missing, "max" where a limit is
/// read, malformed or too large for the field stays out. Exposed for its tests.
void take_fields(std::string_view text, const CgroupPlan::File& file, Readings& readings) noexcept;

/// The control files of one container, kept open while the budget allows. Sampling thread only.
class CgroupReader {
  public:
    /// `directories`: container_directories() of the container. All references are borrowed, and `changes`;
    /// the directories must live as long as this; without these no file is left unread because it has not
    /// changed.
    CgroupReader(const CgroupPlan& plan, int root_fd, std::span<const std::optional<std::string>> directories,
                 io::FdBudget& budget, io::FileChanges* changes = nullptr);

    /// Which files it is the turn of, beside those of each tick and those that have changed.
    struct Due {
        bool seldom = true, throttling = true;
    };
    /// Reads each file that is due, and sets also what is known of the unchanged ones. Returns the path and
    /// errno of the first file that should be readable and is not; a file that does not exist on this kernel
    /// is no error.
    struct Fault {
        std::string path;
        int error = 0;
    };
    std::optional<Fault> read(std::span<char> buffer, Due due, Readings& readings) noexcept;

  private:
    struct Opened {
        const CgroupPlan::File* plan;
        io::WatchedFile file;
        std::vector<std::optional<std::int64_t>> known; ///< of a file that is watched, as `plan->wanted`
    };
    static void recall(const Opened& opened, Readings& readings) noexcept;

    std::vector<Opened> files_;
};

} // namespace lxcmon::sample
