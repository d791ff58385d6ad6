// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/target.hpp"

#include "text/counted.hpp"

#include <spdlog/spdlog.h>

#include <exception>
#include <functional>
#include <utility>

namespace lxcmon::deliver {

namespace {

using Clock = std::chrono::steady_clock;

QueueSettings queue_settings(const TargetSettings& settings) {
    QueueSettings queue = settings.queue;
    queue.spooled = settings.spool.has_value();
    return queue;
}

DeliverySettings with_quarantine(DeliverySettings settings,
                                 std::function<void(spool::Rejected)> on_rejected) {
    settings.on_rejected = std::move(on_rejected);
    return settings;
}

} // namespace

Target::Target(std::unique_ptr<Sink> sink, const TargetSettings& settings)
    : sink_(std::move(sink))
    , spool_settings_(settings.spool)
    , queue_(queue_settings(settings))
    , sender_(queue_, *sink_, with_quarantine(settings.delivery, [this](spool::Rejected rejected) {
                  if (spooler_)
                      spooler_->reject(std::move(rejected));
                  else
                      rejected_now_.push_back(std::move(rejected));
              })) {}

void Target::start() {
    if (started_)
        return;
    if (spool_settings_) {
        if (!spooler_)
            spooler_.emplace(queue_, *spool_settings_);
        spooler_->start();
    }
    sender_.start();
    started_ = true;
}

Target::Stopped Target::stop(std::chrono::milliseconds grace) {
    constexpr std::chrono::seconds patience{5}; // with a disk
    const std::size_t left = sender_.stop(grace);
    if (!spool_settings_)
        return {left, false};
    if (!spooler_ || !spooler_->is_running())
        return {left - spool_without_thread(), false};
    const bool ended = spooler_->stop(patience);
    return {queue_.lines(), !ended};
}

/// For an end before start() has succeeded. Returns the number of lines written to the spool.
std::size_t Target::spool_without_thread() {
    Delivered result;
    spooler_.reset(); // it may have the lock
    queue_.close();
    if (queue_.lines() == 0)
        return 0;
    try {
        spool::Spool spool(*spool_settings_);
        if (const auto wrong = spool.open())
            result.why = *wrong;
        else
            spool_queue(spool, result);
        dropped_by_spool_ = spool.dropped_lines();
    } catch (const std::exception& failure) { // SpoolHeld, no memory
        result.why = failure.what();
    }
    if (!result.why.empty())
        spdlog::error("the spool can't be used: {}", result.why);
    return result.spooled_lines;
}

void Target::spool_queue(spool::Spool& spool, Delivered& result) {
    while (const Batch* batch = queue_.begin()) {
        if (const auto appended = spool.append(*batch); !appended.entry) {
            result.why += (result.why.empty() ? "not spooled: " : "; not spooled: ") + appended.why;
            break;
        }
        result.spooled_lines += batch->lines;
        queue_.accept();
    }
}

Target::Delivered Target::deliver_now(std::chrono::milliseconds limit, unsigned tries) {
    const auto end = Clock::now() + limit;
    const Sender::Drained drained = sender_.drain(limit, tries);
    Delivered result{drained.lines_left, 0, drained.why};
    if (!spool_settings_)
        return result;
    spool::Spool spool(*spool_settings_);
    try {
        if (const auto wrong = spool.open()) {
            result.why += result.why.empty() ? "" : "; not spooled: " + *wrong;
            keep_rejected(*wrong);
            return result;
        }
    } catch (const spool::SpoolHeld& held) {
        result.why += result.why.empty() ? "" : std::string("; not spooled: ") + held.what();
        keep_rejected(held.what());
        return result; // the agent that holds the spool delivers its content
    }
    spool_queue(spool, result);
    if (result.lines_left == 0)
        deliver_backlog(spool, end, tries);
    keep_rejected({});
    spool.tidy();
    spool.finish(nullptr);
    dropped_by_spool_ = spool.dropped_lines();
    return result;
}

/// `why_not`: the error if the spool folder can't be used, else empty.
void Target::keep_rejected(const std::string& why_not) {
    std::optional<std::string> wrong = why_not;
    spool::Quarantine quarantine(spool_settings_->folder);
    for (const spool::Rejected& rejected : std::exchange(rejected_now_, {})) {
        if (why_not.empty())
            wrong = quarantine.append(rejected);
        if (wrong)
            spdlog::error("not kept in rejected.jsonl: {}: {}; the server's message: {}",
                          text::counted(rejected.count, "refused line"), *wrong, rejected.message);
    }
}

void Target::deliver_backlog(spool::Spool& spool, Clock::time_point end, unsigned tries) {
    while (const Batch* batch = spool.begin()) {
        if (!queue_.push(*batch))
            return spool.keep();
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
        if (left.count() > 0 && sender_.drain(left, tries).lines_left == 0) {
            spool.accept();
            continue;
        }
        const Batch* const rest = queue_.begin();
        spool.finish(rest != nullptr && rest->lines < batch->lines ? rest : nullptr);
        if (rest != nullptr)
            queue_.accept(); // only the spool has it now
        return;
    }
}

Target::Status Target::status() const {
    Status status;
    status.counts = sender_.counts();
    status.dropped_in_memory = status.counts.dropped_points;
    status.queue_points = queue_.lines();
    status.trouble = sender_.trouble();
    status.counts.dropped_points += dropped_by_spool_;
    if (!spooler_)
        return status;
    status.counts.dropped_points += spooler_->dropped_lines();
    status.spool_bytes = spooler_->spool_bytes();
    status.spool_points = spooler_->spool_lines();
    if (const std::string trouble = spooler_->trouble(); !trouble.empty())
        status.trouble += (status.trouble.empty() ? "spool: " : "; spool: ") + trouble;
    return status;
}

} // namespace lxcmon::deliver
