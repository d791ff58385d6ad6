// SPDX-License-Identifier: GPL-2.0-or-later
// Files of the spool with any content, plain and gzipped, whole and damaged, in memory. The last byte of the
// input chooses what is done with it.
#include "fuzz/gzip.hpp"
#include "fuzz/support.hpp"

#include "encode/json_lines.hpp"
#include "encode/line_protocol.hpp"
#include "encode/line_protocol_reader.hpp"
#include "io/parse.hpp"
#include "spool/gzip_segment.hpp"
#include "spool/line_reader.hpp"
#include "spool/reader.hpp"
#include "support/temp_folder.hpp"

#include <fcntl.h>

#include <fstream>
#include <iterator>

using namespace lxcmon;
using fuzz::require;

namespace {

using Format = spool::LineReader::Format;
using Kind = spool::Line::Kind;

/// A spool's folder, with the file that each execution writes anew.
struct TempSpool {
    TempSpool()
        : folder(temp.path("")) {
        require(!folder.open(), "a folder in /dev/shm");
    }
    [[nodiscard]] std::string content(const std::string& name) const {
        std::ifstream file(temp.path(name), std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    test::TempFolder temp{"/dev/shm"};
    spool::Folder folder;
};

const TempSpool& temp_spool() {
    static const TempSpool spool;
    return spool;
}

struct Found {
    std::string text;
    std::string error;
};

/// All bytes of a file, as its lines have them.
Found all_lines(io::UniqueFd file, Format format) {
    spool::LineReader reader(std::move(file), format);
    Found found;
    bool in_long_line = false;
    bool is_torn = false;
    while (const auto line = reader.next()) {
        require(line->text.size() <= spool::LineReader::longest_line_bytes, "a line is bounded");
        require(line->offset == found.text.size(), "a line begins where the one before ends");
        require(!is_torn, "only the last line is torn");
        require(line->kind != Kind::whole || !in_long_line, "a long line goes on in parts");
        is_torn = line->kind == Kind::torn;
        in_long_line = line->kind == Kind::part && !line->text.ends_with('\n');
        found.text += line->text;
        if (line->kind == Kind::whole)
            found.text += '\n';
    }
    found.error = reader.error();
    return found;
}

void check_plain(std::string_view text) {
    const Found plain = all_lines(fuzz::file_with(text), Format::plain);
    require(plain.text == text && plain.error.empty(), "the lines of a plain file are its text");
    const Found gzip = all_lines(fuzz::file_with(text), Format::gzip);
    const Found either = all_lines(fuzz::file_with(text), Format::either);
    const bool is_gzip = text.starts_with("\x1f\x8b");
    require(is_gzip || (gzip.text.empty() && gzip.error == "not gzip"), "no gzip", gzip.error);
    require(is_gzip ? either.text == gzip.text : either.text == text, "either format is found");
}

/// Lines of the input's bytes, some of them longer than a buffer or than a line may be.
void check_long(FuzzedDataProvider& data) {
    std::string text;
    for (int left = data.ConsumeIntegralInRange(1, 3); left > 0; --left) {
        const std::size_t bytes = spool::LineReader::longest_line_bytes >> data.ConsumeIntegralInRange(0, 6);
        text.append(bytes + data.ConsumeIntegralInRange<std::size_t>(0, 4) - 2,
                    data.ConsumeBool() ? 'x' : '{');
        text += fuzz::some_text(data, 20);
    }
    check_plain(text);
    require(all_lines(fuzz::file_with(fuzz::gzipped(text)), Format::gzip).text == text,
            "long lines of a gzip file are its text");
}

void check_gzip(FuzzedDataProvider& data) {
    const std::string text = fuzz::some_text(data, 3000);
    const fuzz::GzipFile file = fuzz::gzip_file(text, data);
    const Found found = all_lines(fuzz::file_with(file.bytes), Format::gzip);
    switch (file.damage) {
    case fuzz::Damage::none:
        require(found.text == text && found.error.empty(), "the lines of a gzip file are its text");
        break;
    case fuzz::Damage::cut:
        require(text.starts_with(found.text), "what can be read of a cut file is the text's beginning");
        require(!found.error.empty() || (file.last_member > 0 && file.bytes.size() <= file.last_member + 1),
                "a cut member is an error");
        break;
    case fuzz::Damage::changed: // zlib takes a later member without its first two bytes for garbage
        require(found.text == text || !found.error.empty() || text.starts_with(found.text),
                "a changed member is an error");
        break;
    case fuzz::Damage::garbage:
        require(found.error.empty() ? found.text == text
                                    : found.text.starts_with(text) || text.starts_with(found.text),
                "garbage behind the last member changes nothing before it");
    }
}

/// Ranges of whole batches, some of them cancelled, as Writer makes them.
std::vector<spool::Range> some_ranges(std::string_view text, FuzzedDataProvider& data) {
    std::vector<spool::Range> ranges;
    std::uint64_t end = 0;
    for (std::size_t index = 0; index < 5 && end < text.size(); ++index) {
        spool::Range range;
        range.index = index;
        range.begin = end;
        for (int lines = data.ConsumeIntegralInRange(1, 3); lines > 0 && end < text.size(); --lines)
            end = std::min(text.find('\n', end), text.size() - 1) + 1;
        range.end = end;
        range.cancelled = data.ConsumeBool();
        ranges.push_back(range);
    }
    return ranges;
}

std::string without_cancelled(std::string_view text, const std::vector<spool::Range>& ranges) {
    std::string left;
    std::uint64_t end = 0;
    for (const spool::Range& range : ranges) {
        if (!range.cancelled)
            left += text.substr(range.begin, range.end - range.begin);
        end = range.end;
    }
    return left.append(text.substr(end));
}

/// What a reader makes of a text without long lines.
struct Wanted {
    std::string good;
    std::string bad;
    std::size_t bad_lines = 0;
};

Wanted wanted_of(std::string_view text) {
    Wanted wanted;
    PointBuffer points;
    while (!text.empty()) {
        const std::string_view line = io::take_until(text, '\n');
        points.clear();
        if (!encode::parse_json_line(line, points) && !points.empty() &&
            encode::append_line_protocol(wanted.good, points[0]))
            continue;
        wanted.bad.append(line).push_back('\n');
        ++wanted.bad_lines;
    }
    return wanted;
}

void check_reader(FuzzedDataProvider& data) {
    const TempSpool& temp = temp_spool();
    spool::Segment segment =
        *spool::segment_of_name(data.ConsumeBool() ? spool::gzip_name(2, 3) : spool::plain_name(1));
    const bool is_damaged = segment.is_gzip && data.ConsumeBool();
    const std::string text = fuzz::some_text(data, 3000);
    if (!segment.is_gzip)
        segment.ranges = some_ranges(text, data);
    const std::string bytes = is_damaged        ? fuzz::gzip_file(text, data).bytes
                              : segment.is_gzip ? fuzz::gzipped(text)
                                                : text;
    spool::Reader reader(temp.folder, segment, fuzz::file_with(bytes));
    std::string good;
    while (!reader.is_at_end()) {
        const std::uint64_t pause_at =
            reader.position() + data.ConsumeIntegralInRange<std::uint64_t>(1, 5000);
        for (std::string line; reader.next(line, pause_at);) {
            PointBuffer points;
            require(!encode::parse_line_protocol(line, points) && points.size() == 1,
                    "a delivered line is line protocol", line);
            good += line;
        }
        require(reader.is_at_end() || reader.position() >= pause_at, "a pause is where it was asked for");
    }
    reader.log_damage();
    const std::uint64_t bad_lines = reader.take_bad_count();
    const std::string bad = bad_lines > 0 ? temp.content(reader.bad_name()) : std::string();
    require(reader.take_bad_count() == 0, "bad lines are counted once");
    if (is_damaged)
        return;
    const Wanted wanted = wanted_of(without_cancelled(text, segment.ranges));
    require(good == wanted.good, "all good lines are delivered, cancelled ones are not", good);
    require(bad_lines == wanted.bad_lines && bad == wanted.bad, "all bad lines are kept", bad);
    require(reader.fate() == spool::Segment::Fate::to_remove, "a file without damage can be removed");
}

void check_gzip_segment(FuzzedDataProvider& data) {
    const TempSpool& temp = temp_spool();
    const std::string text = fuzz::some_text(data, 3000);
    spool::Segment segment = *spool::segment_of_name(spool::plain_name(7));
    segment.ranges = some_ranges(text, data);
    const std::string wanted = without_cancelled(text, segment.ranges);
    temp.temp.write(segment.name, text);
    require(!spool::gzip_segment(temp.folder, segment), "a segment can be gzipped");
    const auto name = spool::segment_of_name(segment.name);
    require(name && name->is_gzip && name->lines == segment.lines, "the name has the number of lines",
            segment.name);
    require(static_cast<std::ptrdiff_t>(segment.lines) == std::count(wanted.begin(), wanted.end(), '\n'),
            "the lines that are left are counted");
    io::UniqueFd file = temp.folder.open_file(segment.name, O_RDONLY);
    require(temp.folder.remove(segment.name) == 0, "a segment has its name");
    const Found found = all_lines(std::move(file), Format::gzip);
    require(found.text == wanted && found.error.empty(),
            "a gzipped segment has the text that is not cancelled");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static fuzz::TenthOfTheTime seldom;
    FuzzedDataProvider provider(data, size);
    switch (provider.ConsumeIntegralInRange(0, 63) % 5) {
    case 0:
        check_plain(fuzz::text_of(data, size));
        break;
    case 1:
        check_gzip(provider);
        break;
    case 2:
        check_reader(provider);
        break;
    case 3:
        check_gzip_segment(provider);
        break;
    default:
        if (provider.ConsumeIntegralInRange(0, 31) == 31)
            seldom([&] { check_long(provider); });
        else
            check_reader(provider);
    }
    return 0;
}
