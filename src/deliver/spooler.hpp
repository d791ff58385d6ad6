// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "deliver/queue.hpp"
#include "spool/disk_syncer.hpp"
#include "spool/quarantine.hpp"
#include "spool/spool.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <string>
#include <thread>

namespace lxcmon::deliver {

/// The only thread that touches the spool's disk. It moves batches that are not delivered in time from the
/// queue to the spool, the backlog from the spool to the queue, and refused lines to the quarantine. A disk
/// that hangs or is full delays neither sampling nor sending; batches then stay in the queue.
class Spooler {
  public:
    /// `queue` must outlive it.
    Spooler(Queue& queue, const spool::Settings& settings);
    ~Spooler(); ///< stops
    Spooler(const Spooler&) = delete;
    Spooler& operator=(const Spooler&) = delete;
    Spooler(Spooler&&) = delete;
    Spooler& operator=(Spooler&&) = delete;

    /// Takes the spool's lock and starts the thread. Throws spool::SpoolHeld if another process holds the
    /// lock, std::system_error if the thread can't be started; the call may be repeated. Any other problem
    /// with the folder is logged, and the thread retries.
    void start();
    [[nodiscard]] bool is_running() const noexcept { return thread_.joinable(); }

    /// When the sender has ended: writes the rest of the queue and ends the thread. Returns false if the disk
    /// does not respond within `patience`: then only the end of the process helps. Can't be started again.
    [[nodiscard]] bool stop(std::chrono::milliseconds patience);
    /// The disk has not responded for some seconds. Any thread.
    [[nodiscard]] bool hangs() const;

    /// Keeps lines that the server refused permanently. Any thread.
    void reject(spool::Rejected rejected);

    /// Any thread.
    [[nodiscard]] std::uint64_t spool_bytes() const noexcept { return spool_bytes_; }
    [[nodiscard]] std::uint64_t spool_lines() const noexcept { return spool_lines_; }
    [[nodiscard]] std::uint64_t dropped_lines() const noexcept { return dropped_lines_; }
    /// Why the spool can't be written now; empty if it can. Any thread.
    [[nodiscard]] std::string trouble() const;

  private:
    using Clock = std::chrono::steady_clock;

    void run();
    void note_failure(const std::exception& failure) noexcept;
    void note_success();
    void work(bool finishing);
    void settle();
    void write_due(bool finishing);
    void write_rejected();
    void take_backlog(bool finishing);
    void put_off_backlog();
    void offer_backlog(bool finishing);
    [[nodiscard]] std::uint64_t first_in_memory() const;
    void publish();
    void set_trouble(const std::string& message);
    [[nodiscard]] bool can_write() const { return Clock::now() >= retry_at_; }

    Queue& queue_;
    spool::DiskSyncer syncer_;
    spool::Spool spool_;
    spool::Quarantine quarantine_;
    std::map<std::uint64_t, spool::Entry> in_memory_; ///< batches both in the spool and in the queue
    Clock::time_point retry_at_{};                    ///< after a failed write
    bool too_large_ = false;                          ///< a batch did not fit into the spool; logged once
    std::atomic<bool> stopping_{false};
    std::atomic<Clock::rep> busy_since_{0}; ///< 0 while the thread waits
    std::atomic<std::uint64_t> spool_bytes_{0}, spool_lines_{0}, dropped_lines_{0};

    mutable std::mutex mutex_; ///< protects the members below, except thread_
    std::condition_variable ended_;
    bool has_ended_ = false;
    std::deque<spool::Rejected> rejected_;
    bool rejected_dropped_ = false;
    std::size_t rejected_bytes_ = 0;
    std::string trouble_;

    std::thread thread_;
};

} // namespace lxcmon::deliver
