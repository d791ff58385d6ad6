#include "deliver/spooler.hpp"

#include "deliver/signals_blocked.hpp"

#include <spdlog/spdlog.h>

#include <exception>
#include <utility>

namespace lxcmon::deliver {

namespace {

constexpr std::chrono::seconds look_again{1};
constexpr std::chrono::seconds retry_wait{5};
/// Refused lines that wait for the disk; what is beyond is counted as rejected and kept nowhere.
constexpr std::size_t most_rejected_bytes = std::size_t{8} << 20U;

} // namespace

Spooler::Spooler(Queue& queue, const SpoolSettings& settings)
    : queue_(queue)
    , spool_(settings)
    , quarantine_(settings.folder) {}

Spooler::~Spooler() {
    stop();
}

void Spooler::start() {
    if (const auto wrong = spool_.open()) {
        set_trouble(*wrong);
        retry_at_ = Clock::now() + retry_wait;
    }
    publish();
    const SignalsBlocked blocked;
    thread_ = std::thread(&Spooler::run, this);
}

void Spooler::stop() {
    if (!thread_.joinable())
        return;
    stopping_ = true;
    queue_.finish();
    thread_.join();
}

void Spooler::run() {
    for (bool finishing = false; !finishing;) {
        finishing = stopping_; // before the work, so that all that came earlier is done
        try {
            work(finishing);
        } catch (const std::exception& failure) { // no memory, or another agent has taken the folder
            set_trouble(failure.what());
            retry_at_ = Clock::now() + retry_wait;
        }
        if (!finishing)
            queue_.wait_for_spooling(Clock::now() + look_again, can_write());
    }
}

void Spooler::work(bool finishing) {
    settle();
    if (finishing || can_write()) {
        write_due(finishing);
        write_rejected();
    }
    settle();
    take_backlog();
    spool_.tidy();
    offer_backlog(finishing);
    publish();
}

void Spooler::settle() {
    for (const Queue::Settled& settled : queue_.take_settled()) {
        const auto found = in_memory_.find(settled.id);
        if (found == in_memory_.end())
            continue;
        if (settled.delivered)
            spool_.cancel(found->second);
        in_memory_.erase(found);
    }
}

void Spooler::write_due(bool finishing) {
    while (const auto due = queue_.begin_spooling()) {
        Spool::Appended appended;
        try {
            appended = spool_.append(*due->batch);
        } catch (const std::exception& failure) {
            appended.why = failure.what();
        }
        if (appended.entry)
            in_memory_[due->id] = *appended.entry;
        queue_.end_spooling(due->id, appended.entry.has_value());
        if (!appended.entry) {
            set_trouble(appended.why);
            retry_at_ = Clock::now() + retry_wait;
            return;
        }
        set_trouble({});
        // A long queue must not hide what the sender has done meanwhile.
        if (!finishing)
            settle();
    }
    if (retry_at_ != Clock::time_point{} && !spool_.open()) {
        retry_at_ = {};
        set_trouble({});
    }
}

void Spooler::write_rejected() {
    std::vector<Rejected> taken;
    {
        const std::lock_guard lock(mutex_);
        taken = std::exchange(rejected_, {});
        rejected_bytes_ = 0;
    }
    for (const Rejected& rejected : taken)
        if (const auto wrong = quarantine_.append(rejected)) {
            spdlog::error("{} refused lines can't be kept: {}", taken.size(), *wrong);
            return;
        }
}

/// What is not just being sent comes back, so that the spool's bounds may drop it.
void Spooler::take_backlog() {
    if (queue_.take_backlog() == Queue::Backlog::delivered)
        spool_.accept();
    else if (queue_.withdraw_backlog())
        spool_.keep();
}

void Spooler::offer_backlog(bool finishing) {
    const auto fate = queue_.take_backlog();
    if (fate == Queue::Backlog::delivered)
        spool_.accept();
    if (finishing || fate == Queue::Backlog::offered)
        return;
    // What is in memory as well goes out from there: the segment that has it stays open so long.
    if (const Batch* next = spool_.begin(in_memory_.empty()))
        queue_.offer_backlog(*next);
}

void Spooler::publish() {
    spool_bytes_ = spool_.bytes();
    spool_lines_ = spool_.lines();
    dropped_lines_ = spool_.dropped_lines();
}

void Spooler::set_trouble(const std::string& words) {
    {
        const std::lock_guard lock(mutex_);
        if (trouble_ == words)
            return;
        trouble_ = words;
    }
    if (words.empty())
        spdlog::info("the spool can be written again");
    else
        spdlog::error("the spool can't be used: {}; undelivered points are kept in memory, within bounds",
                      words);
}

std::string Spooler::trouble() const {
    const std::lock_guard lock(mutex_);
    return trouble_;
}

void Spooler::reject(Rejected rejected) {
    const std::lock_guard lock(mutex_);
    const std::size_t bytes = rejected.lines.size() + rejected.words.size();
    if (rejected_bytes_ + bytes > most_rejected_bytes)
        return;
    rejected_bytes_ += bytes;
    rejected_.push_back(std::move(rejected));
}

} // namespace lxcmon::deliver
