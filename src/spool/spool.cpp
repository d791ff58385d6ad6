// SPDX-License-Identifier: GPL-2.0-or-later
#include "spool/spool.hpp"

#include "spool/contents.hpp"
#include "spool/owner.hpp"
#include "text/counted.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <utility>

namespace lxcmon::spool {
namespace {

/// The wall clock must run evenly for so long before files are removed by their age.
constexpr std::chrono::nanoseconds most_even_time = std::chrono::minutes(10);

/// The wall clock was set if it has moved by more, in all. NTP corrects by a few ms a minute.
constexpr std::int64_t clock_tolerance_ns = 10'000'000'000;

constexpr std::int64_t end_of_time = std::numeric_limits<std::int64_t>::max();

/// max_bytes drops whole segments, so several must fit.
std::uint64_t segment_limit(const Settings& settings) noexcept {
    return std::max<std::uint64_t>(1, std::min(settings.segment_bytes, settings.max_bytes / 8));
}

/// At or below this value, dropping has ended. Dropping one segment does not reach it.
template <typename Number>
Number recovered_value(Number limit) noexcept {
    return limit / 2;
}

} // namespace

Spool::Spool(Settings settings, Hooks hooks)
    : settings_(std::move(settings))
    , hooks_(std::move(hooks))
    , folder_(settings_.folder)
    , writer_(folder_, hooks_.sync)
    , backlog_(folder_, std::max<std::size_t>(1, settings_.batch_lines), settings_.batch_bytes) {
    settings_.segment_bytes = segment_limit(settings_);
    static_cast<void>(even_ns(hooks_.now_ns()));
}

Spool::~Spool() {
    if (writer_.is_open())
        static_cast<void>(writer_.close()); // removes an empty segment
}

std::optional<std::string> Spool::open() {
    if (folder_.is_open()) {
        if (folder_.is_in_place())
            return std::nullopt;
        lose_folder();
    }
    if (auto wrong = folder_.open())
        return wrong;
    if (const int error = note_owner(folder_, settings_.owner); error != 0)
        spdlog::warn("spool: {}", folder_.message(owner_name, "writing it", error));
    Contents contents;
    if (auto wrong = read_contents(folder_, contents)) {
        folder_.close();
        return wrong;
    }
    // Never reuse a number that an Entry of this run has.
    next_number_ = std::max(next_number_, contents.next_number);
    rejected_bytes_ = rejected_bytes(folder_);
    backlog_.load(std::move(contents));
    if (const std::uint64_t left = backlog_.lines(); left > 0)
        spdlog::info("spool: {} not sent yet, waiting in {}", text::counted(left, "point"), folder_.path());
    return std::nullopt;
}

void Spool::lose_folder() {
    spdlog::warn("spool: {} was removed or replaced while in use, with {} in it", folder_.path(),
                 text::counted(lines(), "point"));
    if (writer_.is_open())
        writer_.abandon();
    backlog_.forget();
    folder_.close();
}

/// Returns SpoolHeld as a message: another process may have locked a folder that was lost for a while.
std::optional<std::string> Spool::try_open() {
    try {
        return open();
    } catch (const SpoolHeld& held) {
        return held.what();
    }
}

Spool::Appended Spool::append(const Batch& batch) {
    if (batch.body.size() > settings_.max_bytes)
        return {std::nullopt,
                folder_.path() + ": a batch of " + std::to_string(batch.body.size()) +
                    " bytes does not fit in --spool-max-size (" + std::to_string(settings_.max_bytes) +
                    " bytes); raise it",
                true};
    if (auto wrong = prepare(batch))
        return {std::nullopt, std::move(*wrong), false};
    Writer::Written written = writer_.append(batch, hooks_.now_ns());
    if (!written.why.empty()) {
        close_segment();
        return {std::nullopt, std::move(written.why), false};
    }
    const Entry entry{writer_.segment().number, written.index};
    if (writer_.segment().bytes >= settings_.segment_bytes)
        close_segment();
    make_room(0, false);
    return {entry, {}, false};
}

/// Ensures an open folder, room, and an open segment.
std::optional<std::string> Spool::prepare(const Batch& batch) {
    if (auto wrong = try_open())
        return wrong;
    if (writer_.is_open() && writer_.is_unlinked()) {
        spdlog::warn("spool: {}/{} was removed while in use, with {} in it", folder_.path(),
                     writer_.segment().name, text::counted(writer_.segment().lines, "point"));
        writer_.abandon();
    }
    make_room(2 * batch.body.size(), true); // about its size as JSON
    if (writer_.is_open())
        return std::nullopt;
    auto wrong = writer_.start(next_number_);
    if (!wrong)
        next_number_ = writer_.segment().number + 1;
    return wrong;
}

void Spool::close_segment() {
    if (auto closed = writer_.close())
        backlog_.add(std::move(*closed));
}

void Spool::cancel(const Entry& entry) {
    if (writer_.is_open() && writer_.segment().number == entry.segment)
        writer_.cancel(entry.index);
    else
        backlog_.cancel(entry);
}

const Batch* Spool::begin(std::uint64_t end, std::uint64_t slice_bytes) {
    if (!backlog_.has_batch() && folder_.is_open() && !folder_.is_in_place())
        lose_folder();
    const Batch* const batch = backlog_.begin(end, slice_bytes);
    if (batch != nullptr || backlog_.is_reading())
        return batch;
    if (!writer_.is_open() || writer_.segment().number >= end || writer_.segment().lines == 0)
        return nullptr;
    close_segment();
    return backlog_.begin(end, slice_bytes);
}

void Spool::accept() {
    backlog_.accept();
}

void Spool::tidy(std::uint64_t end) {
    if (try_open())
        return; // append() returns the reason
    rejected_bytes_ = rejected_bytes(folder_);
    backlog_.retire_again();
    drop_old();
    make_room(0, true);
    note_end_of_dropping();
    gzip_one(end);
}

void Spool::finish(const Batch* undecided) {
    if (writer_.is_open())
        close_segment();
    if (!folder_.is_open() || !folder_.is_in_place())
        return;
    const std::uint64_t used = bytes_on_disk();
    const std::uint64_t room = settings_.max_bytes - std::min(used, settings_.max_bytes);
    auto wrong = backlog_.leave(undecided, next_number_, room);
    if (!wrong)
        wrong = backlog_.remove_cancelled();
    if (wrong)
        spdlog::warn("spool: {}; points that are delivered already are sent again at the next start", *wrong);
}

std::uint64_t Spool::bytes() const noexcept {
    return backlog_.segment_bytes() + (writer_.is_open() ? writer_.segment().bytes : 0);
}

std::uint64_t Spool::lines() const noexcept {
    return backlog_.lines() + (writer_.is_open() ? writer_.segment().lines : 0);
}

std::uint64_t Spool::bytes_on_disk() const noexcept {
    // The quarantine has its own limit, and must leave room for the points.
    return bytes() + backlog_.bad_bytes() + std::min(rejected_bytes_, settings_.max_bytes / 2);
}

void Spool::make_room(std::uint64_t wanted_bytes, bool may_drop_open_segment) {
    while (bytes_on_disk() + wanted_bytes > settings_.max_bytes) {
        const auto dropped = backlog_.drop_oldest(end_of_time);
        count_dropped(dropped.lines, "--spool-max-size");
        if (dropped.any)
            continue;
        if (!may_drop_open_segment || !writer_.is_open() || writer_.segment().lines == 0)
            return;
        close_segment();
    }
}

/// For how long the wall clock, which shows `now_ns`, has run as fast as the time since the boot.
std::int64_t Spool::even_ns(std::int64_t now_ns) {
    const std::int64_t boot_ns = hooks_.boot_ns();
    const std::int64_t offset_ns = now_ns - boot_ns;
    if (!clock_offset_ns_ || std::abs(offset_ns - *clock_offset_ns_) > clock_tolerance_ns) {
        clock_offset_ns_ = offset_ns;
        even_since_ns_ = boot_ns;
    }
    return boot_ns - even_since_ns_;
}

void Spool::drop_old() {
    const std::int64_t now_ns = hooks_.now_ns();
    const std::int64_t before_ns = now_ns - settings_.max_age.count();
    if (even_ns(now_ns) < std::min(most_even_time, settings_.max_age).count())
        return;
    if (writer_.is_open() && writer_.segment().lines > 0 && writer_.segment().mtime_ns < before_ns)
        close_segment();
    count_dropped(backlog_.drop_oldest(before_ns).lines, "--spool-max-age");
}

void Spool::count_dropped(std::uint64_t lines, const char* bound) {
    if (lines == 0)
        return;
    if (!std::exchange(dropping_, true)) {
        spdlog::warn("spool: {} has reached {}: the oldest points are dropped from now on", folder_.path(),
                     bound);
        dropped_before_ = dropped_lines_;
    }
    dropped_lines_ += lines;
}

void Spool::note_end_of_dropping() {
    if (!dropping_ || bytes_on_disk() > recovered_value(settings_.max_bytes))
        return;
    const std::int64_t oldest_ns = backlog_.oldest_ns();
    if (oldest_ns < hooks_.now_ns() - recovered_value(settings_.max_age.count()))
        return;
    dropping_ = false;
    spdlog::info("spool: {} is within its bounds again; {} dropped", folder_.path(),
                 text::counted(dropped_lines_ - dropped_before_, "point was", "points were"));
}

void Spool::gzip_one(std::uint64_t end) {
    // Do not read 8 MiB every second while the disk is full.
    constexpr std::int64_t wait_ns = 60'000'000'000;
    const std::int64_t now_ns = hooks_.now_ns();
    if (gzip_failed_ && std::abs(now_ns - gzip_failed_ns_) < wait_ns)
        return;
    const auto wrong = backlog_.gzip_one(end);
    if (wrong && !gzip_failed_)
        spdlog::warn("spool: {}; the file stays uncompressed, and gzip is tried again later", *wrong);
    gzip_failed_ = wrong.has_value();
    gzip_failed_ns_ = now_ns;
}

} // namespace lxcmon::spool
