// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"
#include "model/batch.hpp"
#include "model/point.hpp"
#include "spool/folder.hpp"
#include "spool/segment.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace lxcmon::spool {

/// Writes the segment that batches are appended to. One thread.
class Writer {
  public:
    /// Requests an fsync(2). Returns 0 or an errno, which may be of an earlier request.
    using Sync = std::function<int(int fd)>;

    /// `folder` must outlive this object. Without `sync`, append() itself waits for the disk.
    explicit Writer(const Folder& folder, Sync sync = {})
        : folder_(folder)
        , sync_(std::move(sync)) {}

    [[nodiscard]] bool is_open() const noexcept { return static_cast<bool>(fd_); }
    /// The current segment, while open.
    [[nodiscard]] const Segment& segment() const noexcept { return segment_; }

    /// Creates a segment with this number, or the next free one. Returns what is wrong, or nothing.
    [[nodiscard]] std::optional<std::string> start(std::uint64_t number);

    struct Written {
        std::size_t index = 0;
        std::string why; ///< empty if the whole batch was written; otherwise none of it counts
    };
    /// Appends line protocol as JSON. `now_ns` becomes the file's time. After a failure, close() the segment:
    /// its descriptor can't be trusted any more.
    [[nodiscard]] Written append(const Batch& batch, std::int64_t now_ns);

    /// Marks the batch as cancelled, and truncates the file if no other batch follows.
    void cancel(std::size_t index) noexcept;

    /// Closes the segment. Returns it, or nothing if it was empty and its file was removed.
    [[nodiscard]] std::optional<Segment> close() noexcept;
    /// Closes the segment after its file or folder was removed.
    void abandon() noexcept;
    /// True if the open file was deleted.
    [[nodiscard]] bool is_unlinked() const noexcept;

  private:
    [[nodiscard]] int sync_data() const;
    [[nodiscard]] int sync_folder() const;
    /// Returns 0 or an errno. Adds the lines to `lines`.
    [[nodiscard]] int write_lines(std::string_view body, std::uint64_t& lines);
    [[nodiscard]] int flush();
    void cut_off(std::uint64_t begin, std::uint64_t lines);

    const Folder& folder_;
    Sync sync_;
    io::UniqueFd fd_;
    Segment segment_;
    std::size_t next_index_ = 0;
    PointBuffer points_;
    std::string json_; ///< not yet written
};

} // namespace lxcmon::spool
