// SPDX-License-Identifier: GPL-2.0-or-later
#include "spool/writer.hpp"

#include "encode/json_lines.hpp"
#include "encode/line_protocol_reader.hpp"
#include "io/parse.hpp"
#include "io/write_all.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace lxcmon::spool {
namespace {

/// JSON is written in pieces of about this size, so that memory does not grow with the batch.
constexpr std::size_t json_piece_bytes = 256U << 10U;

} // namespace

std::optional<std::string> Writer::start(std::uint64_t number) {
    constexpr int most_tries = 1000; // a folder or another program's file may have the name
    segment_ = Segment();
    next_index_ = 0;
    for (int attempt = 0; attempt < most_tries; ++attempt, ++number) {
        segment_.number = number;
        segment_.name = plain_name(number);
        fd_ = folder_.open_file(segment_.name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND);
        if (fd_ || errno != EEXIST)
            break;
    }
    if (!fd_)
        return folder_.message(segment_.name, "creating it", errno);
    if (const int error = sync_folder(); error != 0) {
        static_cast<void>(close());
        return folder_.message(segment_.name, "syncing its folder", error);
    }
    return std::nullopt;
}

Writer::Written Writer::append(const Batch& batch, std::int64_t now_ns) {
    const std::uint64_t begin = segment_.bytes;
    std::uint64_t lines = 0;
    int error = write_lines(batch.body, lines);
    const char* doing = "writing";
    if (error == 0) {
        error = sync_data();
        doing = "syncing it";
    }
    if (error != 0) {
        cut_off(begin, lines);
        return {0, folder_.message(segment_.name, doing, error)};
    }
    set_mtime(fd_.get(), now_ns);
    segment_.mtime_ns = now_ns;
    segment_.lines += lines;
    segment_.ranges.push_back({next_index_, begin, segment_.bytes, lines, false});
    return {next_index_++, {}};
}

int Writer::sync_data() const {
    if (sync_)
        return sync_(fd_.get());
    return ::fdatasync(fd_.get()) == 0 ? 0 : errno;
}

int Writer::sync_folder() const {
    return sync_ ? sync_(folder_.fd()) : folder_.sync();
}

int Writer::write_lines(std::string_view body, std::uint64_t& lines) {
    json_.clear();
    while (!body.empty()) {
        const std::string_view line = io::take_until(body, '\n');
        points_.clear();
        if (encode::parse_line_protocol(line, points_)) {
            // Not a line of our encoder: written unchanged; the Reader moves it to *.bad.
            json_.append(line).push_back('\n');
        } else {
            encode::append_json_line(json_, points_[0]);
        }
        ++lines;
        if (json_.size() >= json_piece_bytes)
            if (const int error = flush(); error != 0)
                return error;
    }
    return flush();
}

int Writer::flush() {
    std::size_t written = 0;
    const int error = io::write_all(fd_.get(), json_, written);
    segment_.bytes += written;
    if (error == 0)
        json_.clear();
    return error;
}

/// Removes a partly written batch. If that fails, the batch stays and counts as cancelled.
void Writer::cut_off(std::uint64_t begin, std::uint64_t lines) {
    if (segment_.bytes == begin)
        return;
    if (::ftruncate(fd_.get(), static_cast<off_t>(begin)) == 0)
        segment_.bytes = begin;
    else
        segment_.ranges.push_back({next_index_++, begin, segment_.bytes, lines, true});
}

void Writer::cancel(std::size_t index) noexcept {
    Range* const range = segment_.find(index);
    if (range == nullptr || std::exchange(range->cancelled, true))
        return;
    segment_.lines -= range->lines;
    auto& ranges = segment_.ranges;
    std::size_t kept = ranges.size();
    while (kept > 0 && ranges[kept - 1].cancelled)
        --kept;
    if (kept == ranges.size() || ::ftruncate(fd_.get(), static_cast<off_t>(ranges[kept].begin)) != 0)
        return;
    segment_.bytes = ranges[kept].begin;
    ranges.resize(kept);
}

std::optional<Segment> Writer::close() noexcept {
    fd_.reset();
    Segment closed = std::exchange(segment_, Segment());
    if (closed.lines == 0 && folder_.remove(closed.name) == 0)
        return std::nullopt;
    return closed;
}

void Writer::abandon() noexcept {
    fd_.reset();
    segment_ = Segment();
}

bool Writer::is_unlinked() const noexcept {
    struct stat status {};
    return ::fstat(fd_.get(), &status) == 0 && status.st_nlink == 0;
}

} // namespace lxcmon::spool
