// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "encode/batcher.hpp"
#include "io/clock.hpp"
#include "model/batch.hpp"
#include "spool/backlog.hpp"
#include "spool/folder.hpp"
#include "spool/segment.hpp"
#include "spool/settings.hpp"
#include "spool/writer.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>

namespace lxcmon::spool {

/// What a spool uses of its surroundings.
struct Hooks {
    /// For a caller that can't wait for a busy disk: see Writer::Sync.
    Writer::Sync sync{};
    /// CLOCK_REALTIME; tests replace it.
    std::function<std::int64_t()> now_ns = [] { return io::now_ns(CLOCK_REALTIME); };
    /// CLOCK_BOOTTIME, which nobody can set; tests replace it.
    std::function<std::int64_t()> boot_ns = [] { return io::now_ns(CLOCK_BOOTTIME); };
};

/// Undelivered batches on disk: JSON Lines (docs/measurements.md) in segments `000000000042.jsonl`, gzipped
/// as `000000000042-LINES.jsonl.gz` once closed. The line protocol that is read back is identical, byte for
/// byte. One thread; a lock file keeps other processes out. Memory: two MiB and the batch that is read, for
/// any size of the spool. Damaged data is logged and kept as `*.bad`; it never throws, and never affects
/// other data. Throws only SpoolHeld and std::bad_alloc.
class Spool {
  public:
    static constexpr std::uint64_t every_segment = std::numeric_limits<std::uint64_t>::max();

    struct Appended {
        std::optional<Entry> entry;
        std::string why;        ///< why nothing was written, with the path and what to do, for the log
        bool too_large = false; ///< the batch exceeds max_bytes: do not retry
    };

    /// Does not touch the disk.
    explicit Spool(Settings settings, Hooks hooks = {});
    ~Spool();
    Spool(const Spool&) = delete;
    Spool& operator=(const Spool&) = delete;

    /// Creates the folder, takes the lock and lists the files of earlier runs. Returns what is wrong, or
    /// nothing if the spool can be used. Throws SpoolHeld if another process uses it. Cheap if the spool is
    /// open; starts again if the folder was removed or replaced.
    [[nodiscard]] std::optional<std::string> open();

    /// Writes a batch of line protocol to the disk, completely or not at all. On return it survives a crash
    /// of the host, or only of the process if Hooks::sync is set. Opens the spool if needed. Drops the
    /// oldest points to stay within max_bytes.
    [[nodiscard]] Appended append(const Batch& batch);
    /// The batch was delivered from memory and must not be sent again. Not possible if its segment is being
    /// read or gzipped: see `end` of begin() and tidy().
    void cancel(const Entry& entry);

    /// Returns the oldest batch as line protocol, or nullptr. The batch stays the same, and valid, until
    /// accept(). Begins no segment from the number `end` on: their batches may still be cancelled. Reads
    /// about `slice_bytes` at most, uncompressed: nullptr may also mean that a segment has had no good line
    /// so far.
    [[nodiscard]] const Batch* begin(std::uint64_t end = every_segment,
                                     std::uint64_t slice_bytes = every_segment);
    /// The batch of begin() was delivered. A segment is removed after its last point.
    void accept();
    /// The batch of begin() was not delivered: the next begin() returns it again, unless the limits have
    /// dropped it. Between begin() and keep() the limits do not drop it.
    void keep() noexcept { backlog_.keep(); }

    /// True if the limits would drop the batch that is between begin() and keep().
    [[nodiscard]] bool wants_back() const noexcept { return backlog_.wants_back(); }

    /// Enforces the limits on bytes and age, gzips at most one segment, and retries what failed. Call it
    /// about once a second. Gzips no segment from the number `end` on. One call removes one file by its age
    /// at most, and none before the wall clock has run evenly for 10 minutes, or for the limit on age if that
    /// is shorter: a clock that is wrong for a moment must not cost the backlog.
    void tidy(std::uint64_t end = every_segment);

    /// For the end of the run: removes from the disk what is delivered of files that are partly delivered,
    /// so that the next start does not send it again. Of the batch of begin() only `undecided` stays;
    /// nullptr: all of it. Logs what is wrong if that fails; the files then stay unchanged.
    void finish(const Batch* undecided);

    /// Undelivered bytes and lines on disk.
    [[nodiscard]] std::uint64_t bytes() const noexcept;
    [[nodiscard]] std::uint64_t lines() const noexcept;
    /// Lines dropped by the limits since this object was created.
    [[nodiscard]] std::uint64_t dropped_lines() const noexcept { return dropped_lines_; }

  private:
    [[nodiscard]] std::optional<std::string> try_open();
    void lose_folder();
    [[nodiscard]] std::optional<std::string> prepare(const Batch& batch);
    void close_segment();
    [[nodiscard]] std::uint64_t bytes_on_disk() const noexcept;
    void make_room(std::uint64_t wanted_bytes, bool may_drop_open_segment);
    [[nodiscard]] std::int64_t even_ns(std::int64_t now_ns);
    void drop_old();
    void count_dropped(std::uint64_t lines, const char* bound);
    void note_end_of_dropping();
    void gzip_one(std::uint64_t end);

    Settings settings_;
    Hooks hooks_;
    Folder folder_;
    Writer writer_;
    Backlog backlog_;
    std::optional<std::int64_t> clock_offset_ns_; ///< between the wall clock and the time since the boot
    std::int64_t even_since_ns_ = 0;              ///< since the boot: the offset has been the same since then
    std::uint64_t next_number_ = 1;
    std::uint64_t rejected_bytes_ = 0; ///< of the quarantine, in the same folder
    std::uint64_t dropped_lines_ = 0;
    std::uint64_t dropped_before_ = 0; ///< dropped_lines_ when dropping began
    bool dropping_ = false;
    bool gzip_failed_ = false;
    std::int64_t gzip_failed_ns_ = 0;
};

} // namespace lxcmon::spool
