#pragma once

#include "model/batch.hpp"
#include "spool/contents.hpp"
#include "spool/folder.hpp"
#include "spool/reader.hpp"
#include "spool/segment.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lxcmon::spool {

/// The closed segments of a spool, and the `*.bad` beside them. The oldest segment is read as batches of line
/// protocol. One thread.
class Backlog {
  public:
    /// `folder` must be open whenever there are segments.
    Backlog(const Folder& folder, std::size_t batch_lines, std::size_t batch_bytes);

    void load(Contents contents);
    void add(Segment closed);
    /// The folder has gone: all that was in it is forgotten. The batch in memory stays.
    void forget() noexcept;

    /// The oldest batch, nullptr where none; the same until accept().
    [[nodiscard]] const Batch* begin();
    /// Whether begin() has one at hand.
    [[nodiscard]] bool has_batch() const noexcept { return batch_.lines > 0; }
    void accept();
    void keep() noexcept { is_lent_ = wants_back_ = false; }
    /// The bounds would drop what is lent.
    [[nodiscard]] bool wants_back() const noexcept { return wants_back_; }
    /// Does nothing where the segment is being read, or gzipped.
    void cancel(const Entry& entry);

    struct Dropped {
        bool any = false;
        std::uint64_t lines = 0;
    };
    /// Removes the oldest file of those that were last changed before `before_ns`; not the one whose batch is
    /// between begin() and accept() or keep().
    Dropped drop_oldest(std::int64_t before_ns);
    /// When the oldest segment was last changed; the end of time where there is none.
    [[nodiscard]] std::int64_t oldest_ns() const noexcept;

    /// Gzips the newest plain segment that is not being read. Returns what is wrong where that fails.
    [[nodiscard]] std::optional<std::string> gzip_one();
    /// Tries again to remove what could not be removed.
    void retire_again();

    [[nodiscard]] std::uint64_t lines() const noexcept;
    [[nodiscard]] std::uint64_t segment_bytes() const noexcept;
    [[nodiscard]] std::uint64_t bad_bytes() const noexcept;

  private:
    using Position = std::vector<Segment>::iterator;

    [[nodiscard]] bool is_being_read(const Segment& segment) const noexcept;
    [[nodiscard]] Position being_read() noexcept;
    [[nodiscard]] bool start_reading();
    void fill_batch();
    void finish_reading();
    void count_bad_lines() noexcept;
    bool retire(Position segment);
    [[nodiscard]] bool clear_away(const Segment& segment, int& error);
    void note_bad(const std::string& name);
    [[nodiscard]] Dropped drop_segment(Position segment);

    const Folder& folder_;
    std::size_t batch_lines_, batch_bytes_;
    std::vector<Segment> segments_; ///< oldest first
    std::vector<BadFile> bad_;      ///< oldest first
    std::optional<Reader> reader_;
    std::string ahead_;    ///< the line after the batch; empty where there is none
    Batch batch_;          ///< given out by begin(); no lines where none is
    bool is_lent_ = false; ///< between begin() and accept() or keep()
    bool wants_back_ = false;
    bool batch_is_detached_ = false; ///< its segment has gone with the folder
    bool cannot_remove_ = false;     ///< said so
};

} // namespace lxcmon::spool
