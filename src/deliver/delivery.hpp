// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "deliver/backoff.hpp"
#include "deliver/health.hpp"
#include "deliver/refused_lines.hpp"
#include "deliver/sink.hpp"
#include "model/batch.hpp"
#include "spool/quarantine.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace lxcmon::deliver {

/// Written by the sending thread, read by any thread.
struct SharedCounters {
    std::atomic<std::uint64_t> delivered_points{0};
    std::atomic<std::uint64_t> rejected_points{0};
    std::atomic<std::uint64_t> retries{0};
    std::atomic<int> last_status{0};          ///< HTTP status of the last answer, 0 if there was none
    std::atomic<std::time_t> delivered_at{0}; ///< time when points were last stored; 0: never
};

struct DeliverySettings {
    std::chrono::milliseconds first_wait{1'000};
    std::chrono::milliseconds most_wait{60'000};
    std::chrono::milliseconds settings_wait{60'000}; ///< between tries while the settings are wrong
    unsigned server_error_tries = 5;                 ///< tries after a 500 before the search for the bad line
    Backoff::Random random = Backoff::system_random();
    /// For the log.
    std::string when_failing = "the points are kept, within limits, and sent again";
    std::function<void(spool::Rejected)> on_rejected{}; ///< receives permanently refused lines
    /// The last line that the sink stored, shared by all deliveries to it. Sending it again changes nothing.
    std::shared_ptr<std::string> proof = std::make_shared<std::string>();
    /// By partial writes. Shared like `proof`, and by deliveries of one thread only.
    std::shared_ptr<RefusedSeries> refused_series = std::make_shared<RefusedSeries>();
};

/// The result of one try.
struct Step {
    Outcome outcome = Outcome::delivered;
    /// Before the next try; 0: nothing failed, continue at once. After Outcome::partial nothing failed
    /// either: the server gets a rest.
    std::chrono::milliseconds wait{0};
    std::string message; ///< reason for the wait
};

/// Delivers one batch at a time to a sink: retries it, and divides it on line boundaries. Never sleeps: the
/// caller does the waits. One thread at a time.
class Delivery {
  public:
    /// `suffix` follows the sink's name in the log.
    Delivery(Sink& sink, SharedCounters& counters, DeliverySettings settings = {},
             const std::string& suffix = {});

    /// `batch` must stay unchanged until done() or abandon().
    void begin(const Batch& batch);
    [[nodiscard]] bool done() const noexcept { return pieces_.empty(); }

    /// Sends one piece and acts on the verdict. Requires !done().
    [[nodiscard]] Step step();

    /// Forgets the batch.
    void abandon() noexcept { pieces_.clear(); }

    /// True if no part of the batch is decided: another batch may go first.
    [[nodiscard]] bool untouched() const noexcept {
        return pieces_.size() == 1 && pieces_.front().lines == whole_.lines &&
               pieces_.front().server_errors == 0;
    }

    /// Lines of the batch that are neither stored nor refused.
    [[nodiscard]] std::size_t lines_left() const noexcept;
    /// True if a part of the batch is stored or refused, and the rest is not decided.
    [[nodiscard]] bool is_partly_decided() const noexcept { return !done() && lines_left() != whole_.lines; }
    /// The lines that are not decided, in their order if no partial write has set some apart. Call it while
    /// the batch is unchanged.
    [[nodiscard]] Batch rest() const;

    /// See Health::trouble(). Any thread.
    [[nodiscard]] std::string trouble() const { return health_.trouble(); }

  private:
    struct Piece {
        std::string_view bytes; ///< of the batch, or of `text`
        std::size_t lines = 0;
        std::shared_ptr<const std::string> text{}; ///< nullptr: the batch has the bytes
        unsigned server_errors = 0;
        bool held = false; ///< a single line that a proxy limits, behind the other pieces
        /// A single line that failed with 500, behind the other pieces: successes_ at that time.
        std::optional<std::uint64_t> failed_at{};
        unsigned chances = 0; ///< failures although the server stored other lines before
    };

    [[nodiscard]] Verdict send(std::string_view lines);
    Step hold(const Verdict& verdict, std::chrono::milliseconds wait);
    Step back_off(const Verdict& verdict);
    Step take(const Verdict& verdict);
    Step divide_or_reject(const Verdict& verdict);
    Step search_refused(const Verdict& verdict);
    Step divide_or_hold(const Verdict& verdict);
    Step server_error(const Verdict& verdict);
    Step lone_line_fails(const Verdict& verdict);
    Step put_aside(const Verdict& verdict, std::chrono::milliseconds wait);
    Step prove_server();
    [[nodiscard]] static Piece piece_of(std::string lines);
    void divide();
    void replace_front(Piece first, Piece second);
    void reject(const Verdict& verdict);
    void report_rejected(const Verdict& verdict) const;
    void finish_front();

    Sink& sink_;
    SharedCounters& counters_;
    DeliverySettings settings_;
    Backoff backoff_;
    Health health_;
    RefusedSeries::TimePoint begun_; ///< time of begin()
    Piece whole_;
    std::deque<Piece> pieces_;
    std::uint64_t successes_ = 0; ///< pieces stored since begin()
    unsigned lone_failures_ = 0;  ///< single lines that failed since begin()
    unsigned partial_writes_ = 0; ///< since begin() or the last wait for them
    bool clean_ = true;           ///< no line of the batch was rejected
    bool hunting_ = false;        ///< the server works except for some lines: no waits after 500
    bool saw_500_ = false;        ///< in this batch
};

} // namespace lxcmon::deliver
