// SPDX-License-Identifier: GPL-2.0-or-later
// The functions of Backlog for the end of the run.
#include "spool/backlog.hpp"
#include "spool/gzip_segment.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace lxcmon::spool {

std::optional<std::string> Backlog::leave(const Batch* undecided, std::uint64_t number, std::uint64_t room) {
    const auto segment = being_read();
    if (segment == segments_.end() || batch_is_detached_)
        return std::nullopt;
    if (delivered_lines_ == 0 && undecided == nullptr) {
        stop_reading(); // it may have cancelled batches
        return std::nullopt;
    }
    segment->lines += delivered_lines_;            // they count again, unless the file is replaced
    Writer writer(folder_, [](int) { return 0; }); // replace() syncs it once: a stop must not take minutes
    auto wrong = writer.start(number);
    if (!wrong)
        wrong = copy_rest(writer, undecided, room);
    const bool is_damaged = reader_->fate() == Segment::Fate::set_aside; // and stays as it is
    stop_reading();
    auto made = writer.close();
    if (made && (wrong || is_damaged)) {
        static_cast<void>(folder_.remove(made->name));
        return wrong;
    }
    if (wrong || is_damaged)
        return wrong;
    if (!made) { // only damaged lines were left, and they are in NAME.bad
        segment->fate = Segment::Fate::to_remove;
        static_cast<void>(retire(segment));
    } else if (const int error = replace(*segment, std::move(*made)); error != 0) {
        return folder_.message(segment->name, "writing what is left of it", error);
    }
    return std::nullopt;
}

/// The first lines are those of the batch that is not accepted.
std::optional<std::string> Backlog::copy_rest(Writer& writer, const Batch* undecided, std::uint64_t room) {
    const std::int64_t mtime_ns = being_read()->mtime_ns;
    const std::string name = being_read()->name;
    if (batch_.lines == 0)
        fill_batch(most_segment_bytes);
    while (batch_.lines > 0) {
        const Batch batch = std::exchange(batch_, Batch{});
        const auto written = writer.append(undecided != nullptr ? *undecided : batch, mtime_ns);
        undecided = nullptr;
        if (!written.why.empty())
            return written.why;
        if (writer.segment().bytes > room)
            return folder_.path() + "/" + name + ": --spool-max-size leaves no room to write the rest of it";
        fill_batch(most_segment_bytes);
    }
    return std::nullopt;
}

/// If the host crashes meanwhile, the old file or both files are there. Returns 0 or an errno.
int Backlog::replace(Segment& segment, Segment made) {
    const std::string name = plain_name(segment.number);
    const io::UniqueFd file = folder_.open_file(made.name, O_RDONLY);
    int error = file && ::fdatasync(file.get()) == 0 ? 0 : errno;
    if (error == 0)
        error = folder_.rename(made.name, name);
    if (error != 0) {
        static_cast<void>(folder_.remove(made.name));
        return error;
    }
    error = folder_.sync();
    if (error == 0 && segment.name != name)
        error = folder_.remove(segment.name);
    made.number = segment.number;
    made.name = name;
    made.ranges.clear();
    segment = std::move(made);
    return error;
}

void Backlog::stop_reading() noexcept {
    reader_.reset();
    ahead_.clear();
    batch_ = Batch{};
    keep();
}

std::optional<std::string> Backlog::remove_cancelled() {
    for (Segment& each : segments_) {
        const bool has_cancelled = std::ranges::any_of(each.ranges, &Range::cancelled);
        if (!has_cancelled || each.is_gzip || each.fate != Segment::Fate::waiting || is_being_read(each))
            continue;
        if (auto wrong = gzip_segment(folder_, each))
            return wrong;
    }
    return std::nullopt;
}

} // namespace lxcmon::spool
