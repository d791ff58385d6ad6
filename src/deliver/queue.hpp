#pragma once

#include "deliver/backoff.hpp"
#include "deliver/queue_settings.hpp"
#include "model/batch.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <vector>

namespace lxcmon::deliver {

/// Between three threads: sampling pushes and never waits; the Sender takes one batch at a time, and
/// accepts or keeps it; the Spooler takes away what is due for the disk, and puts in the backlog that is
/// read from there. Bounded by bytes: when full the oldest goes out, never one in flight or being
/// written. Any function may be called from any thread.
class Queue {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;

    /// `random` spreads the backlogs of a fleet.
    explicit Queue(QueueSettings settings, Backoff::Random random = Backoff::system_random());

    // --- sampling ---

    /// Takes a batch in. False when it went nowhere: the queue is closed, or there is no room beside
    /// the batches in flight. What is dropped, this batch or older ones, is counted in dropped_lines().
    bool push(Batch batch);

    // --- sending ---

    /// A batch to send, now in flight until accept() or keep(); nullptr where none is ready. It stays
    /// where it is, and its bytes unchanged, until then. What was sampled goes before the backlog.
    [[nodiscard]] const Batch* begin();

    /// The same, but waits for a batch until the deadline, or until the queue is closed and empty.
    [[nodiscard]] const Batch* begin(TimePoint deadline);

    /// The batch in flight is delivered, and so the server is well.
    void accept();

    /// The batch in flight is not delivered. The backlog's is not given out again before `wait` is over.
    void keep(std::chrono::milliseconds wait = std::chrono::milliseconds(0));

    /// The same, where one is in flight.
    void keep_any();

    /// Whether the batch in flight is the backlog's: 0 where it is not, else another number for each batch.
    /// With the same number it is the same batch again, its bytes at the same place.
    [[nodiscard]] std::uint64_t backlog_number() const;

    /// Delivery fails at present: all is due for the spool, and what will be pushed too, until accept().
    void set_failing();

    // --- spooling ---

    struct Due {
        std::uint64_t id = 0;
        const Batch* batch = nullptr;
    };

    /// The oldest batch that is due for the spool; stays where it is until end_spooling().
    [[nodiscard]] std::optional<Due> begin_spooling();

    enum class Spooled {
        written,   ///< whatever becomes of it then is told by take_settled()
        failed,    ///< it is due again
        too_large, ///< it never will be
    };
    void end_spooling(std::uint64_t id, Spooled spooled);

    struct Settled {
        std::uint64_t id = 0;
        bool delivered = false; ///< take it out of the spool again; else the spool alone has it now
    };
    /// Batches in the spool that have left the memory.
    [[nodiscard]] std::vector<Settled> take_settled();

    /// A batch of the spool for the sender; must stay as it is until backlog() says delivered, or it was
    /// withdrawn. Needs Backlog::none.
    void offer_backlog(const Batch& batch);

    enum class Backlog { none, offered, delivered };
    /// What has become of the batch offered. `delivered` is said once.
    [[nodiscard]] Backlog take_backlog();
    /// False where it is in flight just now, or delivered.
    [[nodiscard]] bool withdraw_backlog();

    /// Waits for something to do, at most until the deadline: a batch is due (where `can_write`), one has
    /// settled, the backlog is delivered, or finish() was called.
    void wait_for_spooling(TimePoint deadline, bool can_write);

    // --- all ---

    /// No batch is taken in any more, and the sender waits for none; what is there can still be taken out.
    void close();
    /// After close(), and when the sender has ended: all that is left is due for the spool.
    void finish();

    [[nodiscard]] bool is_spooled() const noexcept { return settings_.spooled; }

    [[nodiscard]] std::size_t lines() const; ///< neither delivered nor in the spool
    [[nodiscard]] std::size_t bytes() const; ///< in memory
    [[nodiscard]] std::uint64_t dropped_lines() const;

  private:
    struct Item {
        Batch batch;
        std::uint64_t id = 0;
        TimePoint ready_at, due_at;
        bool in_flight = false;
        bool being_spooled = false;
        bool spooled = false;
        bool unspoolable = false;
        bool delivered = false;
    };
    using Items = std::list<Item>;

    struct BacklogSlot {
        const Batch* batch = nullptr;
        std::uint64_t number = 0;
        TimePoint ready_at;
        bool in_flight = false;
        bool delivered = false;
        unsigned live_since = 0; ///< batches that went before it
    };

    const Batch* begin_locked(TimePoint now);
    [[nodiscard]] Items::iterator find_ready(TimePoint now);
    [[nodiscard]] bool backlog_ready(TimePoint now) const;
    [[nodiscard]] TimePoint next_ready() const;
    [[nodiscard]] static bool may_be_spooled(const Item& item) noexcept;
    [[nodiscard]] Items::iterator find_due(TimePoint now);
    [[nodiscard]] bool has_spool_work(bool can_write) const;
    void set_all_due(TimePoint now);
    [[nodiscard]] TimePoint next_due() const;
    bool make_room(std::size_t bytes, Items& dropped);
    void forget(Items::iterator item, Items& gone);
    void forget_spooled(Items& gone);

    const QueueSettings settings_;
    const Backoff::Random random_;
    mutable std::mutex mutex_;
    std::condition_variable to_send_;
    std::condition_variable to_spool_;
    Items items_; ///< oldest first
    std::optional<Items::iterator> in_flight_;
    BacklogSlot backlog_;
    std::vector<Settled> settled_;
    std::uint64_t last_id_ = 0;
    std::size_t bytes_ = 0;
    std::uint64_t dropped_lines_ = 0;
    bool failing_ = false;
    bool closed_ = false;
    bool finishing_ = false;
};

} // namespace lxcmon::deliver
