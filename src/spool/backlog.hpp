// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/batch.hpp"
#include "spool/contents.hpp"
#include "spool/folder.hpp"
#include "spool/reader.hpp"
#include "spool/segment.hpp"
#include "spool/writer.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lxcmon::spool {

/// The closed segments of a spool and its `*.bad` files. Reads the oldest segment as batches of line
/// protocol. One thread.
class Backlog {
  public:
    /// `folder` must outlive this object, and be open while the backlog has segments. `batch_lines` and
    /// `batch_bytes` limit each batch.
    Backlog(const Folder& folder, std::size_t batch_lines, std::size_t batch_bytes);

    void load(Contents contents);
    void add(Segment closed);
    /// For a folder that was removed: forgets all segments. The batch in memory stays.
    void forget() noexcept;

    /// Returns the oldest batch of the segments with a number below `end`, or nullptr. Returns the same batch
    /// until accept(). Reads about `slice_bytes` at most: then the batch is smaller, or is_reading() and the
    /// next call goes on.
    [[nodiscard]] const Batch* begin(std::uint64_t end, std::uint64_t slice_bytes);
    [[nodiscard]] bool is_reading() const noexcept { return reader_.has_value(); }
    /// True if a batch is in memory already.
    [[nodiscard]] bool has_batch() const noexcept { return batch_.lines > 0; }
    /// Ends the use of the batch: it was delivered.
    void accept();
    /// Ends the use of the batch: it was not delivered.
    void keep() noexcept { is_lent_ = wants_back_ = false; }
    /// True if the limits would drop the segment whose batch is in use.
    [[nodiscard]] bool wants_back() const noexcept { return wants_back_; }
    /// Does nothing if the segment is being read or is gzipped.
    void cancel(const Entry& entry);

    struct Dropped {
        bool any = false;
        std::uint64_t lines = 0;
    };
    /// Removes the oldest file that was last changed before `before_ns`, but never the segment whose batch is
    /// between begin() and accept() or keep().
    Dropped drop_oldest(std::int64_t before_ns);
    /// When the oldest waiting segment was last changed; the largest int64 without one.
    [[nodiscard]] std::int64_t oldest_ns() const noexcept;

    /// Gzips the newest plain segment with a number below `end` that is not being read. Returns what is wrong
    /// if that fails.
    [[nodiscard]] std::optional<std::string> gzip_one(std::uint64_t end);
    /// For the end: rewrites the segment that is being read without its delivered lines, if it has some and
    /// the new file does not exceed `room`. Of the batch of begin() only `undecided` stays; nullptr: all of
    /// it. `number` is unused. Returns what is wrong; the segment then stays unchanged.
    [[nodiscard]] std::optional<std::string> leave(const Batch* undecided, std::uint64_t number,
                                                   std::uint64_t room);
    /// For the end: gzips the segments that have cancelled batches, without these.
    [[nodiscard]] std::optional<std::string> remove_cancelled();
    /// Retries to remove the files that could not be removed before.
    void retire_again();

    [[nodiscard]] std::uint64_t lines() const noexcept;
    [[nodiscard]] std::uint64_t segment_bytes() const noexcept;
    [[nodiscard]] std::uint64_t bad_bytes() const noexcept;

  private:
    using Position = std::vector<Segment>::iterator;

    [[nodiscard]] bool is_being_read(const Segment& segment) const noexcept;
    [[nodiscard]] Position being_read() noexcept;
    [[nodiscard]] bool start_reading(std::uint64_t end);
    std::uint64_t fill_batch(std::uint64_t slice_bytes);
    void stop_reading() noexcept;
    [[nodiscard]] std::optional<std::string> copy_rest(Writer& writer, const Batch* undecided,
                                                       std::uint64_t room);
    [[nodiscard]] int replace(Segment& segment, Segment made);
    void finish_reading();
    void count_bad_lines() noexcept;
    bool retire(Position segment);
    [[nodiscard]] bool remove_or_rename(const Segment& segment, int& error);
    void note_bad(const std::string& name);
    [[nodiscard]] Dropped drop_segment(Position segment);

    const Folder& folder_;
    std::size_t batch_lines_, batch_bytes_;
    std::vector<Segment> segments_; ///< oldest first
    std::vector<BadFile> bad_;      ///< oldest first
    std::optional<Reader> reader_;
    std::string ahead_;    ///< the line after the batch; empty without one
    Batch batch_;          ///< the batch of begin(); no lines: none
    bool is_lent_ = false; ///< between begin() and accept() or keep()
    bool wants_back_ = false;
    std::uint64_t delivered_lines_ = 0; ///< of the segment that is being read
    bool batch_is_detached_ = false;    ///< its segment was removed with the folder
    bool cannot_remove_ = false;        ///< and this was logged
};

} // namespace lxcmon::spool
