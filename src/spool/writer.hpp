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

/// The segment that batches are appended to. One thread.
class Writer {
  public:
    /// Asks for an fsync(2): 0 or an errno, maybe of an earlier one.
    using Sync = std::function<int(int fd)>;

    /// Without `sync` what is appended is on the disk when append() returns.
    explicit Writer(const Folder& folder, Sync sync = {})
        : folder_(folder)
        , sync_(std::move(sync)) {}

    [[nodiscard]] bool is_open() const noexcept { return static_cast<bool>(fd_); }
    /// What it has by now: for reading while open.
    [[nodiscard]] const Segment& segment() const noexcept { return segment_; }

    /// Makes a segment of this number, or the next that is free. Returns what is wrong.
    [[nodiscard]] std::optional<std::string> start(std::uint64_t number);

    struct Written {
        std::size_t index = 0;
        std::string why; ///< empty where the whole batch is on disk; else nothing of it counts
    };
    /// Appends line protocol as JSON. After a failure close() the segment: its descriptor is not to be
    /// trusted any more.
    [[nodiscard]] Written append(const Batch& batch, std::int64_t now_ns);

    /// The batch is left out, and its bytes are given back where nothing follows them.
    void cancel(std::size_t index) noexcept;

    /// Ends the segment. What it has; nothing where it was empty and its file is gone.
    [[nodiscard]] std::optional<Segment> close() noexcept;
    /// The same where the file or its folder is not there any more.
    void abandon() noexcept;
    /// Whether somebody has removed the file under us.
    [[nodiscard]] bool is_unlinked() const noexcept;

  private:
    [[nodiscard]] int sync_data() const;
    [[nodiscard]] int sync_folder() const;
    /// 0, or the errno of what failed. `lines` counts.
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
