// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/kernel_file.hpp"
#include "io/parse.hpp"
#include "io/watched_file.hpp"
#include "model/selection.hpp"
#include "sample/cgroup/layout.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::sample {

/// Opens one container's control files. All members are borrowed; the directories and the file names must
/// live as long as the opened files.
struct ContainerFiles {
    int root_fd = -1;
    const CgroupLayout& layout;
    const std::vector<std::optional<std::string>>& directories; ///< by hierarchy, see container_directories()
    io::FdBudget& budget;
    /// The caller opens a file only if a field of it is selected.
    Selection selection = Selection::everything();
    io::FileChanges* changes = nullptr; ///< null: any file may have changed at any time

    /// A file of the v1 controller; nothing if it is not mounted or the container has no cgroup in it.
    [[nodiscard]] std::optional<io::KernelFile> v1(std::string_view controller, std::string_view file,
                                                   io::Keep keep = io::Keep::first) const {
        return in<io::KernelFile>(layout.find_v1(controller), file, keep);
    }
    [[nodiscard]] std::optional<io::KernelFile> v2(std::string_view file,
                                                   io::Keep keep = io::Keep::first) const {
        return in<io::KernelFile>(layout.find_v2(), file, keep);
    }
    /// The same, for a file that is read only after a change.
    [[nodiscard]] std::optional<io::WatchedFile> watched_v1(std::string_view controller,
                                                            std::string_view file) const {
        return in<io::WatchedFile>(layout.find_v1(controller), file, changes);
    }
    [[nodiscard]] std::optional<io::WatchedFile> watched_v2(std::string_view file) const {
        return in<io::WatchedFile>(layout.find_v2(), file, changes);
    }

  private:
    template <typename File, typename How>
    [[nodiscard]] std::optional<File> in(std::optional<std::size_t> hierarchy, std::string_view file,
                                         How how) const {
        if (!hierarchy || !directories[*hierarchy])
            return std::nullopt;
        return File(root_fd, io::FilePath(*directories[*hierarchy], file), budget, how);
    }
};

/// Whether the kernel counts the memory of cgroups: not with cgroup_disable=memory. A list of controllers
/// that can't be read counts as yes.
[[nodiscard]] inline bool has_memory_controller(int root_fd, const CgroupLayout& layout) {
    const auto v2 = layout.find_v2();
    if (layout.find_v1("memory") || !v2)
        return layout.find_v1("memory").has_value();
    const std::string& mount_point = layout.hierarchies()[*v2].mount_point;
    std::string controllers;
    const std::string path = io::FilePath(mount_point, "cgroup.controllers").text();
    bool has_memory = io::try_read_whole(root_fd, path.c_str(), controllers) != 0;
    io::for_each_word(io::single_line(controllers).value_or(std::string_view()),
                      [&](std::string_view word) { has_memory = has_memory || word == "memory"; });
    return has_memory;
}

[[nodiscard]] inline bool may_have_changed(const std::optional<io::WatchedFile>& file) noexcept {
    return file && file->may_have_changed();
}

/// The file's text; empty if there is no file or it can't be read.
template <typename File>
[[nodiscard]] std::string_view text_of(std::optional<File>& file, std::span<char> buffer) noexcept {
    return file ? file->read(buffer).text : std::string_view{};
}

} // namespace lxcmon::sample
