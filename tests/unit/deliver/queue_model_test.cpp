// SPDX-License-Identifier: GPL-2.0-or-later
// Random steps of the three threads around a Queue, against a model that knows where each line is. The seeds
// are fixed.
#include "deliver/queue.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace lxcmon;
using deliver::Queue;

namespace {

using LineIds = std::vector<std::size_t>;

constexpr std::size_t line_bytes = 7;

Batch batch_of_lines(const LineIds& ids) {
    Batch batch;
    for (const std::size_t id : ids)
        batch.body += std::to_string(100'000 + id) + "\n";
    batch.lines = ids.size();
    return batch;
}

LineIds ids_of(const Batch& batch) {
    LineIds ids;
    for (std::size_t at = 0; at < batch.body.size(); at += line_bytes)
        ids.push_back(std::stoul(batch.body.substr(at, line_bytes - 1)) - 100'000);
    return ids;
}

struct KnownLine {
    bool decided = false;        ///< stored or refused by the server
    unsigned copies = 0;         ///< in the spool
    bool may_come_twice = false; ///< a batch with it could not be taken out of the spool
};

/// Does what Sender and Spooler do, one call of the queue at a time.
class QueueModel {
  public:
    QueueModel(unsigned seed, bool is_tight)
        : random_(seed)
        , is_tight_(is_tight)
        , queue_(settings(is_tight ? 12 * line_bytes : 1'000'000), [] { return 0.5; }) {}

    void run() {
        for (std::size_t steps = below(400); steps > 0; --steps)
            step();
        stop();
    }

  private:
    static deliver::QueueSettings settings(std::size_t limit_bytes) {
        deliver::QueueSettings settings;
        settings.spooled = true;
        settings.spool_after = std::chrono::milliseconds(0);
        settings.backlog_rate = 1'000'000'000;
        settings.limit_bytes = limit_bytes;
        return settings;
    }
    std::size_t below(std::size_t limit) { return random_() % limit; }
    bool one_in(std::size_t count) { return below(count) == 0; }

    void step() {
        using Step = void (QueueModel::*)();
        constexpr std::array<Step, 8> steps{&QueueModel::push,   &QueueModel::push,   &QueueModel::begin,
                                            &QueueModel::answer, &QueueModel::answer, &QueueModel::write,
                                            &QueueModel::settle, &QueueModel::backlog};
        (this->*steps[below(steps.size())])();
        check();
    }

    void push() {
        LineIds ids(1 + below(5));
        for (std::size_t& id : ids) {
            id = lines_.size();
            lines_.emplace_back();
        }
        static_cast<void>(queue_.push(batch_of_lines(ids)));
    }

    void begin() {
        if (in_flight_ == nullptr)
            in_flight_ = queue_.begin();
    }

    /// The server takes all, a part or nothing of what is in flight.
    void answer() {
        if (in_flight_ == nullptr)
            return;
        const std::uint64_t number = queue_.backlog_number();
        if (number != backlog_number_ && number != 0) {
            backlog_number_ = number;
            backlog_left_ = ids_of(*in_flight_);
        }
        LineIds left = number == 0 ? ids_of(*in_flight_) : backlog_left_;
        for (std::size_t count = one_in(3)   ? 0
                                 : one_in(2) ? left.size()
                                             : below(left.size());
             count > 0; --count) {
            const auto line = left.begin() + static_cast<std::ptrdiff_t>(below(left.size()));
            decide(*line);
            left.erase(line);
        }
        if (left.empty())
            queue_.accept();
        else if (number != 0 && one_in(3))
            queue_.put_off_backlog(batch_of_lines(left), std::chrono::milliseconds(0));
        else if (number == 0 && left.size() < in_flight_->lines)
            queue_.keep_rest(batch_of_lines(left));
        else {
            queue_.set_failing();
            queue_.keep();
        }
        if (number != 0)
            backlog_left_ = left;
        in_flight_ = nullptr;
    }

    void decide(std::size_t id) {
        KnownLine& line = lines_[id];
        REQUIRE((!line.decided || line.may_come_twice));
        line.decided = true;
    }

    /// Begins to write a batch, or ends it.
    void write() {
        if (!due_) {
            due_ = queue_.begin_spooling();
            return;
        }
        const Queue::Due due = *std::exchange(due_, std::nullopt);
        const bool is_too_large = due.id % 16 == 0; // also its rest
        disk_works_ = !one_in(6);
        if (is_too_large || !disk_works_)
            return queue_.end_spooling(due,
                                       is_too_large ? Queue::Spooled::too_large : Queue::Spooled::failed);
        if (const std::uint64_t old = std::exchange(in_memory_[due.id], add_file(*due.batch)); old != 0)
            remove_file(old);
        queue_.end_spooling(due, Queue::Spooled::written);
    }

    std::uint64_t add_file(const Batch& batch) {
        LineIds& file = spool_[++last_file_] = ids_of(batch);
        for (const std::size_t id : file)
            ++lines_[id].copies;
        return last_file_;
    }

    void remove_file(std::uint64_t number) {
        for (const std::size_t id : spool_.at(number))
            --lines_[id].copies;
        spool_.erase(number);
    }

    void allow_twice(const LineIds& file) {
        for (const std::size_t id : file)
            lines_[id].may_come_twice = true;
    }

    void settle() {
        if (due_)
            return;
        for (const Queue::Settled& settled : queue_.take_settled()) {
            const auto known = in_memory_.find(settled.id);
            if (known == in_memory_.end())
                continue;
            if (settled.delivered)
                remove_file(known->second);
            else if (holds_decided(spool_.at(known->second))) {
                REQUIRE(is_tight_); // a rest was dropped before it was written
                allow_twice(spool_.at(known->second));
            }
            in_memory_.erase(known);
        }
    }

    [[nodiscard]] bool holds_decided(const LineIds& file) const {
        return std::ranges::any_of(file, [&](std::size_t id) { return lines_[id].decided; });
    }

    Queue::Backlog take_backlog() {
        const auto fate = queue_.take_backlog();
        if (fate == Queue::Backlog::put_off) {
            add_file(*queue_.backlog_rest());
            queue_.end_backlog();
        }
        if (fate == Queue::Backlog::put_off || fate == Queue::Backlog::delivered)
            remove_file(offered_number_);
        return fate;
    }

    /// Takes back what is done of the backlog, and offers the oldest batch that is not in memory, too.
    void backlog() {
        if (take_backlog() == Queue::Backlog::offered) {
            if (one_in(4) && queue_.withdraw_backlog())
                allow_twice(spool_.at(offered_number_)); // the sender begins it anew
            return;
        }
        const auto is_in_memory = [&](const auto& file) {
            return std::ranges::any_of(in_memory_,
                                       [&](const auto& known) { return known.second == file.first; });
        };
        const auto oldest = std::ranges::find_if_not(spool_, is_in_memory);
        if (oldest == spool_.end())
            return;
        offered_number_ = oldest->first;
        offered_ = batch_of_lines(oldest->second);
        queue_.offer_backlog(offered_);
    }

    /// A line is in the spool once at most, and the queue counts all that are nowhere else.
    void check() const {
        const auto is_nowhere = [](const KnownLine& line) { return !line.decided && line.copies == 0; };
        const auto is_once = [](const KnownLine& line) { return line.copies <= 1 || line.may_come_twice; };
        REQUIRE(std::ranges::all_of(lines_, is_once));
        REQUIRE(queue_.lines() + queue_.dropped_lines() ==
                static_cast<std::size_t>(std::ranges::count_if(lines_, is_nowhere)));
    }

    void stop() {
        queue_.close();
        for (std::size_t tries = below(4); tries > 0; --tries) {
            begin();
            answer();
        }
        if (in_flight_ != nullptr)
            queue_.keep();
        if (queue_.begin_backlog(backlog_number_))
            queue_.keep_rest(batch_of_lines(backlog_left_));
        queue_.finish();
        for (disk_works_ = true; disk_works_ && (due_ || (due_ = queue_.begin_spooling()));)
            write();
        settle();
        finish_spool();
        check();
        const auto is_clean = [](const KnownLine& line) {
            return !line.decided || line.copies == 0 || line.may_come_twice;
        };
        // A rest that can't be written leaves its batch in the spool.
        REQUIRE((!disk_works_ || std::ranges::all_of(lines_, is_clean)));
    }

    void finish_spool() {
        if (take_backlog() == Queue::Backlog::offered)
            if (const Batch* const rest = queue_.backlog_rest()) {
                remove_file(offered_number_);
                add_file(*rest);
            }
    }

    std::mt19937 random_;
    bool is_tight_;
    Queue queue_;
    std::vector<KnownLine> lines_;

    const Batch* in_flight_ = nullptr;
    std::uint64_t backlog_number_ = 0; ///< of the batch of which backlog_left_ is not decided
    LineIds backlog_left_;

    std::optional<Queue::Due> due_; ///< is being written
    bool disk_works_ = true;
    std::map<std::uint64_t, LineIds> spool_; ///< oldest first
    std::uint64_t last_file_ = 0;
    std::map<std::uint64_t, std::uint64_t> in_memory_; ///< batch of the queue -> file
    Batch offered_;
    std::uint64_t offered_number_ = 0;
};

} // namespace

TEST_CASE("random steps: no line is lost, counted wrongly or sent twice") {
    for (unsigned seed = 1; seed <= 300; ++seed) {
        CAPTURE(seed);
        QueueModel(seed, seed % 2 == 0).run();
    }
}
