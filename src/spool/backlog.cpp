// SPDX-License-Identifier: GPL-2.0-or-later
#include "spool/backlog.hpp"

#include "spool/gzip_segment.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

namespace lxcmon::spool {
namespace {

using Fate = Segment::Fate;

/// True if the process lacks a resource and the file may be fine.
bool is_temporary(int error) noexcept {
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == EINTR;
}

} // namespace

Backlog::Backlog(const Folder& folder, std::size_t batch_lines, std::size_t batch_bytes)
    : folder_(folder)
    , batch_lines_(batch_lines)
    , batch_bytes_(batch_bytes) {}

void Backlog::load(Contents contents) {
    segments_ = std::move(contents.segments);
    bad_ = std::move(contents.bad);
}

void Backlog::add(Segment closed) {
    if (closed.lines == 0)
        closed.fate = Fate::to_remove; // only cancelled batches, and it could not be removed yet
    segments_.push_back(std::move(closed));
}

void Backlog::forget() noexcept {
    reader_.reset();
    ahead_.clear();
    segments_.clear();
    bad_.clear();
    batch_is_detached_ = batch_.lines > 0;
}

bool Backlog::is_being_read(const Segment& segment) const noexcept {
    return reader_ && reader_->name() == segment.name;
}

Backlog::Position Backlog::being_read() noexcept {
    return std::ranges::find_if(segments_, [&](const Segment& each) { return is_being_read(each); });
}

const Batch* Backlog::begin(std::uint64_t end, std::uint64_t slice_bytes) {
    while (batch_.lines == 0) {
        if (slice_bytes == 0 || (!reader_ && !start_reading(end)))
            return nullptr;
        slice_bytes -= std::min(slice_bytes, fill_batch(slice_bytes));
        if (batch_.lines == 0 && reader_->is_at_end())
            finish_reading();
    }
    is_lent_ = true;
    return &batch_;
}

bool Backlog::start_reading(std::uint64_t end) {
    for (auto at = segments_.begin(); at != segments_.end();) {
        if (at->fate != Fate::waiting || at->number >= end) {
            ++at;
            continue;
        }
        io::UniqueFd fd = folder_.open_file(at->name, O_RDONLY);
        if (fd) {
            reader_.emplace(folder_, *at, std::move(fd));
            delivered_lines_ = 0;
            return true;
        }
        const int error = errno;
        if (is_temporary(error))
            return false;
        spdlog::warn("spool: {}", folder_.message(at->name, "can't be read, and is skipped", error));
        at->fate = Fate::set_aside;
        at = retire(at) ? segments_.begin() : at + 1;
    }
    return false;
}

/// Also reads the line after the batch, so that accept() knows whether the batch was the last one. Returns
/// the number of bytes read, which may be one line above `slice_bytes`.
std::uint64_t Backlog::fill_batch(std::uint64_t slice_bytes) {
    const std::uint64_t begin = reader_->position();
    const std::uint64_t pause_at = begin + std::min(slice_bytes, most_segment_bytes + 1);
    while (!ahead_.empty() || reader_->next(ahead_, pause_at)) {
        const bool full = batch_.lines == batch_lines_ || batch_.body.size() + ahead_.size() > batch_bytes_;
        if (full && batch_.lines > 0)
            break;
        batch_.body += ahead_;
        ++batch_.lines;
        ahead_.clear();
    }
    count_bad_lines();
    return reader_->position() - begin;
}

/// Bad lines no longer count as undelivered.
void Backlog::count_bad_lines() noexcept {
    const std::uint64_t bad = reader_->take_bad_count();
    if (const auto segment = being_read(); segment != segments_.end())
        segment->lines -= std::min(segment->lines, bad);
}

void Backlog::accept() {
    keep();
    const std::uint64_t lines = std::exchange(batch_, Batch{}).lines;
    if (std::exchange(batch_is_detached_, false) || !reader_)
        return;
    if (const auto segment = being_read(); segment != segments_.end())
        segment->lines -= std::min(segment->lines, lines);
    delivered_lines_ += lines;
    if (ahead_.empty() && reader_->is_at_end())
        finish_reading();
}

void Backlog::finish_reading() {
    const auto segment = being_read();
    reader_->log_damage();
    const Fate fate = reader_->fate();
    const std::string bad_name = reader_->bad_name();
    reader_.reset();
    if (segment == segments_.end())
        return;
    segment->fate = fate;
    static_cast<void>(retire(segment));
    note_bad(bad_name);
}

/// Removes or renames the segment, by its fate. Returns false if that fails: the segment then stays, and is
/// not read again.
bool Backlog::retire(Position segment) {
    segment->lines = 0;
    int error = 0;
    if (remove_or_rename(*segment, error)) {
        segments_.erase(segment);
        cannot_remove_ = false;
        return true;
    }
    if (!std::exchange(cannot_remove_, true))
        spdlog::warn("spool: {}",
                     folder_.message(segment->name, "no longer needed, but can't be removed", error));
    return false;
}

bool Backlog::remove_or_rename(const Segment& segment, int& error) {
    const std::string bad_name = spool::bad_name(segment.name);
    error = segment.fate == Fate::set_aside ? folder_.rename(segment.name, bad_name)
                                            : folder_.remove(segment.name);
    if (error == 0 && segment.fate == Fate::set_aside)
        note_bad(bad_name);
    return error == 0 || error == ENOENT;
}

void Backlog::note_bad(const std::string& name) {
    std::erase_if(bad_, [&](const BadFile& each) { return each.name == name; });
    if (auto found = inspect_bad(folder_, name)) {
        const auto place = std::ranges::upper_bound(bad_, found->mtime_ns, {}, &BadFile::mtime_ns);
        bad_.insert(place, std::move(*found));
    }
}

void Backlog::retire_again() {
    for (std::size_t at = segments_.size(); at-- > 0;)
        if (segments_[at].fate != Fate::waiting)
            static_cast<void>(retire(segments_.begin() + static_cast<std::ptrdiff_t>(at)));
}

void Backlog::cancel(const Entry& entry) {
    const auto segment = std::ranges::find(segments_, entry.segment, &Segment::number);
    if (segment == segments_.end() || is_being_read(*segment) || segment->fate != Fate::waiting)
        return;
    Range* const range = segment->find(entry.index);
    if (range == nullptr || std::exchange(range->cancelled, true))
        return;
    segment->lines -= std::min(segment->lines, range->lines);
    if (segment->lines > 0)
        return;
    segment->fate = Fate::to_remove;
    static_cast<void>(retire(segment));
}

Backlog::Dropped Backlog::drop_oldest(std::int64_t before_ns) {
    const auto is_due = [&](const Segment& each) {
        return each.fate == Fate::waiting && each.mtime_ns < before_ns;
    };
    const auto oldest = std::ranges::find_if(segments_, is_due);
    if (!bad_.empty() && bad_.front().mtime_ns < before_ns &&
        (oldest == segments_.end() || bad_.front().mtime_ns <= oldest->mtime_ns)) {
        const BadFile dropped = std::move(bad_.front());
        bad_.erase(bad_.begin());
        if (const int error = folder_.remove(dropped.name); error != 0)
            spdlog::warn("spool: {}", folder_.message(dropped.name, "can't be removed", error));
        return {true, 0};
    }
    // A segment that can't be removed is skipped; otherwise the limits would no longer hold.
    for (auto at = oldest; at != segments_.end(); ++at)
        if (is_due(*at))
            if (const Dropped dropped = drop_segment(at); dropped.any)
                return dropped;
    return {};
}

Backlog::Dropped Backlog::drop_segment(Position segment) {
    const bool is_read = is_being_read(*segment);
    if (is_read && is_lent_) {
        wants_back_ = true;
        return {};
    }
    if (folder_.remove(segment->name) != 0)
        return {};
    const std::uint64_t lines = segment->lines;
    if (is_read) {
        batch_ = Batch{};
        reader_->log_damage();
        reader_.reset();
        ahead_.clear();
    }
    segments_.erase(segment);
    return {true, lines};
}

std::int64_t Backlog::oldest_ns() const noexcept {
    std::int64_t oldest = std::numeric_limits<std::int64_t>::max();
    for (const Segment& each : segments_)
        if (each.fate == Fate::waiting)
            oldest = std::min(oldest, each.mtime_ns);
    return oldest;
}

std::optional<std::string> Backlog::gzip_one(std::uint64_t end) {
    // The newest first: the oldest is read and removed soon.
    for (auto at = segments_.rbegin(); at != segments_.rend(); ++at)
        if (!at->is_gzip && at->bytes <= most_segment_bytes && at->number < end &&
            at->fate == Fate::waiting && !is_being_read(*at))
            return gzip_segment(folder_, *at);
    return std::nullopt;
}

std::uint64_t Backlog::lines() const noexcept {
    std::uint64_t lines = batch_is_detached_ ? batch_.lines : 0;
    for (const Segment& each : segments_)
        lines += each.lines;
    return lines;
}

std::uint64_t Backlog::segment_bytes() const noexcept {
    std::uint64_t bytes = 0;
    for (const Segment& each : segments_)
        bytes += each.bytes;
    return bytes;
}

std::uint64_t Backlog::bad_bytes() const noexcept {
    std::uint64_t bytes = 0;
    for (const BadFile& each : bad_)
        bytes += each.bytes;
    return bytes;
}

} // namespace lxcmon::spool
