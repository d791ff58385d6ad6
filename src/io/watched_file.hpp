// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/file_changes.hpp"
#include "io/kernel_file.hpp"

namespace lxcmon::io {

/// A KernelFile that is read only if it may have changed; the reader keeps the last values. While the file is
/// watched, its descriptor is given back after each read.
class WatchedFile {
  public:
    /// If `changes` is null, the file always counts as changed and stays open.
    WatchedFile(int root_fd, FilePath path, FdBudget& budget, FileChanges* changes, Keep keep = Keep::first)
        : file_(root_fd, path, budget, keep)
        , watch_(changes != nullptr ? changes->watch(root_fd, file_.path()) : FileChanges::Watch()) {}

    [[nodiscard]] bool may_have_changed() const noexcept { return watch_.may_have_changed(); }

    /// The text is a view into `buffer`. After a failure the file counts as changed.
    [[nodiscard]] ReadResult read(std::span<char> buffer) noexcept {
        watch_.will_be_read();
        const ReadResult result = file_.read(buffer);
        if (result.error != 0)
            watch_.could_not_be_read();
        if (watch_.is_watching())
            file_.close();
        return result;
    }

    [[nodiscard]] std::string path() const { return file_.path(); }

  private:
    KernelFile file_;
    FileChanges::Watch watch_;
};

} // namespace lxcmon::io
