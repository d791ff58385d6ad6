#pragma once

#include "deliver/backoff.hpp"
#include "deliver/health.hpp"
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
#include <string>
#include <string_view>

namespace lxcmon::deliver {

/// Written by the sending thread, read by any.
struct SharedCounters {
    std::atomic<std::uint64_t> delivered_points{0};
    std::atomic<std::uint64_t> rejected_points{0};
    std::atomic<std::uint64_t> retries{0};
    std::atomic<int> last_status{0};          ///< HTTP status of the last answer, 0 where none came
    std::atomic<std::time_t> delivered_at{0}; ///< the last time that points were stored; 0: none yet
};

struct DeliverySettings {
    std::chrono::milliseconds first_wait{1'000};
    std::chrono::milliseconds most_wait{60'000};
    std::chrono::milliseconds settings_wait{60'000}; ///< between tries with wrong settings
    unsigned server_error_tries = 5; ///< more tries after a 500, before it looks for the bad line
    Backoff::Random random = Backoff::system_random();
    std::function<void(spool::Rejected)> on_rejected{}; ///< gets the lines that the server refuses for good
    /// The last line that the sink has stored; for all deliveries to it. Sent again it changes nothing.
    std::shared_ptr<std::string> proof = std::make_shared<std::string>();
};

/// What one try came to.
struct Step {
    Outcome outcome = Outcome::delivered;
    std::chrono::milliseconds wait{0}; ///< before the next try; 0 where nothing failed: go on at once
    std::string message;               ///< why there is a wait
};

/// Brings one batch at a time through a sink: retries, halves and bisects it on line boundaries, on a
/// list of pieces that are views of the frozen batch. It never waits by itself. One thread at a time.
class Delivery {
  public:
    /// `suffix` comes after the sink's name in logs.
    Delivery(Sink& sink, SharedCounters& counters, DeliverySettings settings = {},
             const std::string& suffix = {});

    /// `batch` must stay as it is until done() or abandon().
    void begin(const Batch& batch);
    [[nodiscard]] bool done() const noexcept { return pieces_.empty(); }

    /// Sends once and acts on the verdict. Needs !done().
    [[nodiscard]] Step step();

    /// Forgets the batch.
    void abandon() noexcept { pieces_.clear(); }

    /// Nothing is known yet of the batch or of a part of it: another one may as well go first.
    [[nodiscard]] bool untouched() const noexcept {
        return pieces_.size() == 1 && pieces_.front().lines == whole_.lines &&
               pieces_.front().server_errors == 0;
    }

    /// Lines of the batch whose fate is open.
    [[nodiscard]] std::size_t lines_left() const noexcept;

    /// See Health::trouble(). Any thread.
    [[nodiscard]] std::string trouble() const { return health_.trouble(); }

  private:
    struct Piece {
        std::string_view bytes;
        std::size_t lines = 0;
        unsigned server_errors = 0;
        bool last_chance = false;       ///< failed alone with 500, and was put to the end of the list
        std::uint64_t put_aside_at = 0; ///< successes_ at that time
        unsigned chances = 0;           ///< failed again though the server took others in between
    };

    [[nodiscard]] Verdict send(std::string_view lines);
    Step hold(const Verdict& verdict, std::chrono::milliseconds wait);
    Step back_off(const Verdict& verdict);
    Step take(const Verdict& verdict);
    Step divide_or_reject(const Verdict& verdict);
    Step server_error(const Verdict& verdict);
    Step lone_line_fails(const Verdict& verdict);
    Step put_aside(const Verdict& verdict, std::chrono::milliseconds wait);
    Step prove_server();
    void divide();
    void reject(const Verdict& verdict);
    void tell_rejected(std::string lines, std::size_t count, const Verdict& verdict) const;
    void finish_front();

    Sink& sink_;
    SharedCounters& counters_;
    DeliverySettings settings_;
    Backoff backoff_;
    Health health_;
    Piece whole_;
    std::deque<Piece> pieces_;
    std::uint64_t successes_ = 0; ///< pieces stored since begin()
    unsigned lone_failures_ = 0;  ///< lines that failed alone since then
    bool clean_ = true;           ///< no line of the batch rejected
    bool hunting_ = false;        ///< the server is well but for some lines: no patience with 500
    bool saw_500_ = false;        ///< for this batch
};

} // namespace lxcmon::deliver
