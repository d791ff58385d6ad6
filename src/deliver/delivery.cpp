// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/delivery.hpp"

#include "text/lines.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <exception>
#include <functional>
#include <numeric>
#include <utility>
#include <vector>

namespace lxcmon::deliver {

namespace {

/// After this many single lines failed in a row, with nothing stored, the server is the cause and not the
/// lines.
constexpr unsigned max_lone_failures = 3;

/// After this many partial writes the search for the refused lines waits: it must not flood a server that is
/// at its limits. Of 5,000 lines it finds one with 13.
constexpr unsigned max_partial_writes = 100;

/// After this many failures while the server stores other lines, a single line is the cause.
constexpr unsigned max_chances = 3;

} // namespace

Delivery::Delivery(Sink& sink, SharedCounters& counters, DeliverySettings settings, const std::string& suffix)
    : sink_(sink)
    , counters_(counters)
    , settings_(std::move(settings))
    , backoff_(settings_.first_wait, settings_.most_wait, settings_.random)
    , health_(sink.name() + suffix, settings_.when_failing) {}

void Delivery::begin(const Batch& batch) {
    whole_ = Piece{};
    whole_.bytes = batch.body;
    whole_.lines = text::count_lines(batch.body);
    pieces_.clear();
    if (whole_.lines != 0)
        pieces_.push_back(whole_);
    successes_ = 0;
    lone_failures_ = 0;
    partial_writes_ = 0;
    begun_ = RefusedSeries::TimePoint::clock::now();
    clean_ = true;
    saw_500_ = false;
}

std::size_t Delivery::lines_left() const noexcept {
    return std::accumulate(pieces_.begin(), pieces_.end(), std::size_t{0},
                           [](std::size_t sum, const Piece& piece) { return sum + piece.lines; });
}

Batch Delivery::rest() const {
    std::vector<std::string_view> texts;
    for (const Piece& piece : pieces_)
        texts.push_back(piece.bytes);
    // put_aside() has changed the order; most pieces are views of one text.
    std::ranges::sort(texts, std::less<>(), [](std::string_view text) { return text.data(); });
    Batch rest;
    for (const std::string_view text : texts)
        rest.body += text;
    rest.lines = lines_left();
    return rest;
}

Verdict Delivery::send(std::string_view lines) {
    Verdict verdict;
    try {
        verdict = sink_.send(lines);
    } catch (const std::exception& failure) { // out of memory, most likely, which passes
        verdict.outcome = Outcome::retry;
        verdict.message = failure.what();
    }
    counters_.last_status = verdict.status;
    return verdict;
}

Step Delivery::step() {
    const Piece& front = pieces_.front();
    if (front.failed_at == successes_)
        return prove_server();
    const Verdict verdict = send(front.bytes);
    switch (verdict.outcome) {
    case Outcome::delivered:
        return take(verdict);
    case Outcome::partial:
        return search_refused(verdict);
    case Outcome::retry:
        return back_off(verdict);
    case Outcome::server_error:
        return server_error(verdict);
    case Outcome::too_large:
    case Outcome::refused:
        return divide_or_reject(verdict);
    case Outcome::limited:
        return divide_or_hold(verdict);
    case Outcome::settings:
        break;
    }
    return hold(verdict, settings_.settings_wait);
}

Step Delivery::hold(const Verdict& verdict, std::chrono::milliseconds wait) {
    ++counters_.retries;
    health_.failing(verdict);
    // Never 0, which means "continue at once".
    return {verdict.outcome, std::max(wait, std::chrono::milliseconds(1)), verdict.message};
}

Step Delivery::back_off(const Verdict& verdict) {
    return hold(verdict, std::max<std::chrono::milliseconds>(backoff_.next(), verdict.wait));
}

/// All lines of the piece are stored.
Step Delivery::take(const Verdict& verdict) {
    const std::size_t lines = pieces_.front().lines;
    if (!pieces_.front().failed_at)
        *settings_.proof = text::last_line(pieces_.front().bytes);
    counters_.delivered_points += lines;
    counters_.delivered_at = std::time(nullptr);
    settings_.refused_series->remove(pieces_.front().bytes);
    ++successes_;
    backoff_.reset();
    health_.delivered(lines);
    finish_front();
    return {verdict.outcome, {}, {}};
}

Step Delivery::divide_or_reject(const Verdict& verdict) {
    const Piece& front = pieces_.front();
    // InfluxDB 1 names each line that it can't parse; if these are all, no search is needed.
    const bool names_all = refused_lines(front.bytes, verdict, front.lines).size() == front.bytes.size();
    if (front.lines > 1 && !names_all)
        divide();
    else
        reject(verdict);
    return {verdict.outcome, {}, {}};
}

/// Some lines are refused, any other may be stored or not: InfluxDB 1.6.7 drops good lines beside them. So
/// every line is sent again, in ever smaller pieces, until the server takes it or RefusedSeries is certain.
Step Delivery::search_refused(const Verdict& verdict) {
    const Piece& front = pieces_.front();
    RefusedSeries& known = *settings_.refused_series;
    if (known.add_if_all(front.bytes, front.lines, verdict, begun_)) {
        reject(verdict);
    } else if (std::string apart = suspected_lines(front.bytes, verdict, known); !apart.empty()) {
        Piece others = piece_of(without_lines(front.bytes, apart));
        replace_front(std::move(others), piece_of(std::move(apart)));
    } else {
        divide();
    }
    if (++partial_writes_ < max_partial_writes || done())
        return {verdict.outcome, {}, {}};
    partial_writes_ = 0;
    return {verdict.outcome, std::max(settings_.first_wait, std::chrono::milliseconds(1)), verdict.message};
}

/// A proxy's limit never costs a line: single lines go behind the other pieces and are tried again. If the
/// first ones fail, the shortest line shows whether the proxy takes anything: it may be sent twice.
Step Delivery::divide_or_hold(const Verdict& verdict) {
    if (pieces_.front().lines > 1) {
        divide();
        return {verdict.outcome, {}, {}};
    }
    if (successes_ == 0 && clean_ && ++lone_failures_ >= max_lone_failures) {
        lone_failures_ = 0;
        if (send(text::shortest_line(whole_.bytes)).outcome != Outcome::delivered) {
            pieces_.assign(1, whole_);
            return hold(verdict, settings_.settings_wait);
        }
        ++successes_;
    }
    const bool is_last = std::exchange(pieces_.front().held, true) || pieces_.size() == 1;
    return put_aside(verdict, is_last ? settings_.settings_wait : std::chrono::milliseconds(0));
}

/// The cause of a 500 is the server, or one line that it can't handle. The line is blamed only if the server
/// stores other lines in the meantime: a server with a full disk must not cost a point.
Step Delivery::server_error(const Verdict& verdict) {
    Piece& front = pieces_.front();
    saw_500_ = true;
    if (front.failed_at) {
        if (++front.chances >= max_chances) {
            reject(verdict);
            return {verdict.outcome, {}, {}};
        }
        front.failed_at = successes_;
        return put_aside(verdict, hunting_ ? std::chrono::milliseconds(0) : backoff_.next());
    }
    if (++front.server_errors <= (hunting_ ? 0 : settings_.server_error_tries))
        return back_off(verdict);
    if (front.lines == 1)
        return lone_line_fails(verdict);
    const unsigned tries = front.server_errors;
    divide();
    // Retrying each half as often would make the search for the bad line take an hour. A single line is
    // retried, because it may be lost.
    for (std::size_t at = 0; at < 2; ++at)
        pieces_[at].server_errors = pieces_[at].lines > 1 ? tries : 0;
    return {verdict.outcome, {}, {}};
}

Step Delivery::lone_line_fails(const Verdict& verdict) {
    if (successes_ == 0 && clean_ && ++lone_failures_ >= max_lone_failures) {
        lone_failures_ = 0;
        if (!settings_.proof->empty())
            return prove_server();
        pieces_.assign(1, whole_);
        return back_off(verdict);
    }
    pieces_.front().failed_at = successes_;
    return put_aside(verdict, std::chrono::milliseconds(0));
}

/// Moves the first piece behind the others.
Step Delivery::put_aside(const Verdict& verdict, std::chrono::milliseconds wait) {
    std::rotate(pieces_.begin(), pieces_.begin() + 1, pieces_.end());
    return wait.count() == 0 ? Step{verdict.outcome, {}, {}} : hold(verdict, wait);
}

/// Only lines that failed alone are left. Sends a line that the server stored before, to find out whether the
/// server or the lines are the cause.
Step Delivery::prove_server() {
    Verdict verdict;
    verdict.outcome = Outcome::server_error;
    verdict.message = "only single lines are left, and the server answers HTTP 500 to each";
    if (!settings_.proof->empty())
        verdict = send(*settings_.proof);
    if (!settings_.proof->empty() && verdict.outcome == Outcome::delivered) {
        ++successes_;
        hunting_ = true;
        backoff_.reset();
        return {verdict.outcome, {}, {}};
    }
    if (successes_ == 0 && clean_)
        pieces_.assign(1, whole_);
    return back_off(verdict);
}

Delivery::Piece Delivery::piece_of(std::string lines) {
    Piece piece{};
    piece.text = std::make_shared<const std::string>(std::move(lines));
    piece.bytes = *piece.text;
    piece.lines = text::count_lines(piece.bytes);
    return piece;
}

/// Replaces the first piece by its two halves.
void Delivery::divide() {
    const Piece piece = pieces_.front();
    const std::size_t lines = piece.lines / 2;
    const std::size_t cut = text::end_of_lines(piece.bytes, lines);
    replace_front({piece.bytes.substr(0, cut), lines, piece.text},
                  {piece.bytes.substr(cut), piece.lines - lines, piece.text});
}

void Delivery::replace_front(Piece first, Piece second) {
    pieces_.push_front(std::move(first)); // first, because only this may throw
    pieces_[1] = std::move(second);
}

void Delivery::reject(const Verdict& verdict) {
    const std::size_t lines = pieces_.front().lines;
    report_rejected(verdict); // may throw
    counters_.rejected_points += lines;
    health_.rejected(lines, verdict.message);
    clean_ = false;
    finish_front();
}

void Delivery::report_rejected(const Verdict& verdict) const {
    if (!settings_.on_rejected)
        return;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    spool::Rejected rejected;
    rejected.lines = pieces_.front().bytes;
    rejected.count = pieces_.front().lines;
    rejected.status = verdict.status;
    rejected.message = verdict.message;
    rejected.server = sink_.name();
    rejected.time_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
    settings_.on_rejected(std::move(rejected));
}

void Delivery::finish_front() {
    pieces_.pop_front();
    if (!pieces_.empty())
        return;
    health_.batch_done(clean_);
    hunting_ = hunting_ && saw_500_;
}

} // namespace lxcmon::deliver
