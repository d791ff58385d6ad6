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
#include <optional>
#include <string>

namespace lxcmon::spool {

/// What a spool uses of its surroundings.
struct Hooks {
    Writer::Sync sync{}; ///< see Writer; none: append() waits for the disk
    /// CLOCK_REALTIME; another one in tests.
    std::function<std::int64_t()> now_ns = [] { return io::now_ns(CLOCK_REALTIME); };
};

/// Batches that the server did not take, on disk: JSON Lines (SCHEMA.md) in segments `000000000042.jsonl`,
/// gzipped as `000000000042-LINES.jsonl.gz` once closed. The line protocol that is read back is the same,
/// byte for byte. One thread; nothing here locks but the file that keeps other processes out. Memory: two MiB
/// and the batch that is read, whatever the spool has. What is damaged is kept as `*.bad` and said in the
/// log; it never throws and never stops the rest. Throws nothing but SpoolHeld, and std::bad_alloc.
class Spool {
  public:
    struct Appended {
        std::optional<Entry> entry;
        std::string why;        ///< why nothing was written, with the path and what to do; for the log
        bool too_large = false; ///< for the bound on bytes: no use to try again
    };

    /// Touches nothing yet.
    explicit Spool(Settings settings, Hooks hooks = {});
    ~Spool();
    Spool(const Spool&) = delete;
    Spool& operator=(const Spool&) = delete;

    /// Makes the folder, takes the lock, lists what the last run left. Returns what is wrong, nothing where
    /// the spool can be used. Throws SpoolHeld where another process has it. Cheap when open; where the
    /// folder has been removed or replaced, it begins anew.
    [[nodiscard]] std::optional<std::string> open();

    /// Puts a batch of line protocol on the disk, whole or not at all; safe from a crash when it returns (of
    /// the process alone if Hooks::sync is set).
    /// Opens the spool when needed. Drops the oldest where the bound on bytes asks for it.
    [[nodiscard]] Appended append(const Batch& batch);
    /// That batch was delivered after all: it is not to be sent again. Where that can't be done any more, as
    /// its segment is being read or gzipped, it is sent twice, which does no harm.
    void cancel(const Entry& entry);

    /// The oldest batch of the backlog as line protocol, nullptr where there is none; the same, and valid,
    /// until accept(). Without `with_open` the segment that is being written is left alone.
    [[nodiscard]] const Batch* begin(bool with_open = true);
    /// It was delivered. A segment goes when its last point is.
    void accept();
    /// It was not: the next begin() gives it again, unless the bounds have dropped it. They leave alone what
    /// is between begin() and this.
    void keep() noexcept { backlog_.keep(); }

    /// The bounds would drop what is between begin() and keep().
    [[nodiscard]] bool wants_back() const noexcept { return backlog_.wants_back(); }

    /// Keeps the bounds on bytes and age, gzips at most one segment, tries again what failed. For every
    /// second or so.
    void tidy(bool may_gzip = true);

    /// On disk and not delivered.
    [[nodiscard]] std::uint64_t bytes() const noexcept;
    [[nodiscard]] std::uint64_t lines() const noexcept;
    /// By the bounds, since this object was made.
    [[nodiscard]] std::uint64_t dropped_lines() const noexcept { return dropped_lines_; }

  private:
    [[nodiscard]] std::optional<std::string> try_open();
    void lose_folder();
    [[nodiscard]] std::optional<std::string> prepare(const Batch& batch);
    void close_segment();
    [[nodiscard]] std::uint64_t bytes_on_disk() const noexcept;
    void make_room(std::uint64_t wanted_bytes, bool may_drop_open_segment);
    void drop_old();
    void count_dropped(std::uint64_t lines, const char* bound);
    void note_end_of_dropping();
    void gzip_one();

    Settings settings_;
    Hooks hooks_;
    Folder folder_;
    Writer writer_;
    Backlog backlog_;
    std::uint64_t next_number_ = 1;
    std::uint64_t rejected_bytes_ = 0; ///< of the quarantine, in the same folder
    std::uint64_t dropped_lines_ = 0;
    std::uint64_t dropped_before_ = 0; ///< when dropping began
    bool dropping_ = false;
    bool gzip_failed_ = false;
    std::int64_t gzip_failed_ns_ = 0;
};

} // namespace lxcmon::spool
