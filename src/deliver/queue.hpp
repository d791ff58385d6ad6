// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "deliver/backoff.hpp"
#include "deliver/settings.hpp"
#include "model/batch.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>

namespace lxcmon::deliver {

/// Connects three threads: sampling pushes batches and never waits; the Sender takes one batch at a time, and
/// accepts or keeps it; the Spooler takes the batches that are due for the disk, and offers the backlog read
/// from there. Limited in bytes: if it is full the oldest batch is dropped, never one in flight or being
/// written. Any thread may call any function.
class Queue {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;

    /// `random` spreads the backlogs of many hosts in time.
    explicit Queue(QueueSettings settings, Backoff::Random random = Backoff::system_random());

    // --- sampling ---

    /// Appends a batch. Returns false if it is dropped: the queue is closed, or has no room beside the
    /// batches in flight. Dropped batches, this one or older ones, are counted in dropped_lines().
    bool push(Batch batch);

    // --- sending ---

    /// A batch to send, or nullptr if none is ready. It is in flight, and stays at its address unchanged,
    /// until accept() or keep(). Sampled batches go before the backlog.
    [[nodiscard]] const Batch* begin();

    /// The same; waits for a batch until the deadline, or until the queue is closed and empty.
    [[nodiscard]] const Batch* begin(TimePoint deadline);

    /// The batch in flight is delivered, so the server works.
    void accept();

    /// The batch in flight is not delivered. A batch of the backlog is not returned again before `wait` is
    /// over.
    void keep(std::chrono::milliseconds wait = std::chrono::milliseconds(0));

    /// The same with a wait of 1 s, if a batch is in flight.
    void keep_any();

    /// The batch in flight is stored or refused except for `rest`. The rest takes its place, also in the
    /// spool, and is not returned before `wait` is over; of the backlog it is only kept for backlog_rest().
    void keep_rest(Batch rest, std::chrono::milliseconds wait = std::chrono::milliseconds(0));

    /// The batch of the backlog in flight is stored or refused except for `rest`, which goes to the end of
    /// the spool. The backlog goes on after `wait`.
    void put_off_backlog(Batch rest, std::chrono::milliseconds wait);

    /// Takes the offered batch with this backlog_number() in flight. Returns false if it is no longer
    /// offered.
    [[nodiscard]] bool begin_backlog(std::uint64_t number);

    /// 0 if the batch in flight is not of the backlog, else a number of its own for each batch. The same
    /// number means the same batch at the same address.
    [[nodiscard]] std::uint64_t backlog_number() const;

    /// Delivery fails: every batch is due for the spool at once, also those pushed later, until accept().
    void set_failing();

    // --- spooling ---

    struct Due {
        std::uint64_t id = 0; ///< the rest of a batch has its batch's id, and replaces it in the spool
        std::shared_ptr<const Batch> batch;
    };

    /// The oldest batch that is due for the spool. One at a time, until end_spooling().
    [[nodiscard]] std::optional<Due> begin_spooling();

    enum class Spooled {
        written,   ///< take_settled() reports what happens to it later
        failed,    ///< it is due again
        too_large, ///< it is never due again
    };
    void end_spooling(const Due& due, Spooled spooled);

    struct Settled {
        std::uint64_t id = 0;
        bool delivered = false; ///< remove it from the spool; else only the spool has it now
    };
    /// Batches of the spool that are no longer in memory, since the last call. Not between begin_spooling()
    /// and end_spooling().
    [[nodiscard]] std::list<Settled> take_settled();

    /// Offers a batch of the spool to the sender. It must stay unchanged until take_backlog() returns
    /// `delivered`, or end_backlog() or withdraw_backlog() true. Requires Backlog::none.
    void offer_backlog(const Batch& batch);

    enum class Backlog {
        none,
        offered,
        put_off,   ///< until end_backlog(): write backlog_rest() to the spool in its place
        delivered, ///< returned once
    };
    /// The state of the offered batch.
    [[nodiscard]] Backlog take_backlog();
    /// Ends Backlog::put_off.
    void end_backlog();
    /// False if it is in flight, put off or delivered.
    [[nodiscard]] bool withdraw_backlog();
    /// If it is put off, or the sender has ended: what is left to deliver of it; nullptr: all of it.
    [[nodiscard]] const Batch* backlog_rest() const;

    /// Waits for work, at most until the deadline: a batch is due or put off (only if `can_write`) or
    /// settled, the backlog is delivered, or finish() was called.
    void wait_for_spooling(TimePoint deadline, bool can_write);

    // --- all ---

    /// No batch is accepted any more, and begin() does not wait. Queued batches can still be taken out.
    void close();
    /// After close(), when the sender has ended: all remaining batches are due for the spool.
    void finish();

    [[nodiscard]] bool is_spooled() const noexcept { return settings_.spooled; }

    [[nodiscard]] std::size_t lines() const; ///< neither delivered nor in the spool
    [[nodiscard]] std::size_t bytes() const; ///< in memory
    [[nodiscard]] std::uint64_t dropped_lines() const;

  private:
    struct Item {
        std::shared_ptr<const Batch> batch; ///< or what is left of it
        std::uint64_t id = 0;
        TimePoint ready_at, due_at;
        bool in_spool = false; ///< the spool has the batch, or the one of which it is the rest
        bool to_spool = true;  ///< the spool does not have exactly this batch yet, and may take it
        std::list<Settled> report = std::list<Settled>(1); ///< made before it is needed, which must not fail
    };
    using Items = std::list<Item>;

    struct BacklogSlot {
        Backlog state = Backlog::none;
        const Batch* batch = nullptr;
        std::uint64_t number = 0;
        TimePoint ready_at;
        bool in_flight = false;
        std::shared_ptr<const Batch> rest;
        unsigned live_since = 0; ///< batches that went before it
    };

    const Batch* begin_locked(TimePoint now);
    [[nodiscard]] Items::iterator find_ready(TimePoint now);
    [[nodiscard]] bool backlog_ready(TimePoint now) const;
    [[nodiscard]] TimePoint next_ready() const;
    [[nodiscard]] bool is_in_flight(const Item& item) const noexcept;
    [[nodiscard]] Items::iterator find_due(TimePoint now);
    [[nodiscard]] bool has_spool_work(bool can_write) const;
    void set_all_due(TimePoint now);
    [[nodiscard]] TimePoint next_due() const;
    bool make_room(std::size_t bytes, Items& dropped);
    void forget(Items::iterator item, bool delivered, Items& gone);
    void forget_spooled(Items::iterator end, Items& gone);

    const QueueSettings settings_;
    const Backoff::Random random_;
    mutable std::mutex mutex_;
    std::condition_variable to_send_;
    std::condition_variable to_spool_;
    Items items_; ///< oldest first
    std::optional<Items::iterator> in_flight_;
    BacklogSlot backlog_;
    std::uint64_t spooling_id_ = 0; ///< of the batch that is being written; 0: none
    std::list<Settled> settled_;
    std::uint64_t last_id_ = 0;
    std::size_t bytes_ = 0;
    std::uint64_t dropped_lines_ = 0;
    bool failing_ = false;
    bool closed_ = false;
    bool finishing_ = false;
};

} // namespace lxcmon::deliver
