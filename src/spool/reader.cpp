// SPDX-License-Identifier: GPL-2.0-or-later
#include "spool/reader.hpp"

#include "encode/json_lines.hpp"
#include "encode/line_protocol.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <utility>

namespace lxcmon::spool {
namespace {

/// More than a segment has. A file with more bad bytes is kept whole.
constexpr std::uint64_t most_bad_bytes = 64U << 20U;

} // namespace

Reader::Reader(const Folder& folder, const Segment& segment, io::UniqueFd fd)
    : folder_(folder)
    , segment_(segment)
    , lines_(std::move(fd), segment.is_gzip ? LineReader::Format::gzip : LineReader::Format::plain) {}

bool Reader::next(std::string& line, std::uint64_t pause_at) {
    while (!is_at_end_ && position_ < pause_at) {
        const auto found = next_line();
        if (!found)
            return false;
        if (segment_.is_cancelled(found->offset, range_hint_))
            continue;
        if (convert(*found, line))
            return true;
        keep_bad(*found);
    }
    return false;
}

/// Nothing at the end of the file, after an error, and beyond the limits.
std::optional<Line> Reader::next_line() {
    const auto found = lines_.next();
    if (!found)
        error_ = lines_.error();
    else if (found->offset + found->text.size() > most_segment_bytes)
        error_ = "larger than any segment of the spool (64 MiB, uncompressed)";
    else if (bad_count_ > most_bad_lines)
        error_ = "more than " + std::to_string(most_bad_lines) + " damaged lines";
    is_at_end_ = !found || !error_.empty();
    if (is_at_end_)
        return std::nullopt;
    position_ = found->offset + found->text.size() + 1;
    return found;
}

bool Reader::convert(const Line& found, std::string& line) {
    std::optional<std::string> wrong;
    line.clear();
    points_.clear();
    if (found.kind == Line::Kind::part)
        wrong = "longer than 1 MiB";
    else
        wrong = encode::parse_json_line(found.text, points_);
    if (!wrong && (points_.empty() || !encode::append_line_protocol(line, points_[0])))
        wrong = "it has no usable field";
    if (!wrong)
        return true;
    if (wrong_.empty())
        wrong_ = found.kind == Line::Kind::torn ? "incomplete" : *wrong;
    return false;
}

void Reader::keep_bad(const Line& found) {
    const bool is_part = found.kind == Line::Kind::part;
    const bool is_more = is_part && in_long_line_;
    in_long_line_ = is_part && !found.text.ends_with('\n');
    if (!is_more)
        ++bad_count_;
    // Made anew by each Reader: a segment that is read again after a crash has the same bad lines.
    if (bad_count_ == 1 && !is_more && folder_.remove(bad_name()) == 0)
        bad_ = folder_.open_file(bad_name(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND);
    bad_bytes_ += found.text.size() + 1;
    if (!bad_ || bad_bytes_ > most_bad_bytes) {
        all_kept_ = false;
        return;
    }
    // One call, so that no line is split; a short write shows a full disk.
    char end = '\n';
    const std::array<iovec, 2> pieces{iovec{const_cast<char*>(found.text.data()), found.text.size()},
                                      iovec{&end, is_part ? 0U : 1U}};
    const std::size_t wanted = pieces[0].iov_len + pieces[1].iov_len;
    const ssize_t written = ::writev(bad_.get(), pieces.data(), int{pieces.size()});
    all_kept_ = all_kept_ && written == static_cast<ssize_t>(wanted);
}

std::uint64_t Reader::take_bad_count() noexcept {
    return bad_count_ - std::exchange(counted_, bad_count_);
}

Segment::Fate Reader::fate() const noexcept {
    const bool damaged = !error_.empty() || !all_kept_;
    return damaged ? Segment::Fate::set_aside : Segment::Fate::to_remove;
}

void Reader::log_damage() const {
    const std::string path = folder_.path() + "/" + segment_.name;
    if (!error_.empty())
        spdlog::warn("spool: {}: {}; the readable part is delivered, the file is kept as {}", path, error_,
                     bad_name());
    else if (bad_count_ > 0)
        spdlog::warn("spool: {}: damaged lines ({}, first: {}) are skipped and kept in {}", path, bad_count_,
                     wrong_, bad_name());
}

} // namespace lxcmon::spool
