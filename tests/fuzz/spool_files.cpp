// SPDX-License-Identifier: GPL-2.0-or-later
// Files of the spool with any content and any name, in a folder in memory.
#include "fuzz/support.hpp"

#include "encode/line_protocol_reader.hpp"
#include "spool/contents.hpp"
#include "spool/gzip_segment.hpp"
#include "spool/line_reader.hpp"
#include "spool/reader.hpp"

#include <fcntl.h>

#include <filesystem>

using namespace lxcmon;
using fuzz::require;

namespace {

/// A spool's folder, removed at the end of the program.
class TempSpool {
  public:
    TempSpool()
        : folder_(path()) {
        require(!folder_.open(), "a folder in /dev/shm");
    }
    ~TempSpool() { std::filesystem::remove_all(folder_.path()); }
    TempSpool(const TempSpool&) = delete;
    TempSpool& operator=(const TempSpool&) = delete;

    [[nodiscard]] const spool::Folder& folder() const { return folder_; }
    void write(const std::string& name, std::string_view text) const {
        const io::UniqueFd file = folder_.open_file(name, O_WRONLY | O_CREAT | O_TRUNC);
        if (file)
            require(::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()),
                    "a file");
    }
    void clear() const {
        for (const auto& entry : std::filesystem::directory_iterator(folder_.path()))
            if (entry.path().filename() != spool::Folder::lock_name)
                std::filesystem::remove_all(entry.path());
    }

  private:
    static std::string path() {
        std::string name = "/dev/shm/lxcmon-fuzz-XXXXXX";
        require(::mkdtemp(name.data()) != nullptr, "a folder in /dev/shm");
        return name;
    }
    spool::Folder folder_;
};

std::string all_lines(spool::LineReader reader) {
    std::string text;
    while (const auto line = reader.next()) {
        require(line->text.size() <= spool::LineReader::longest_line_bytes, "a line is bounded");
        text += line->text;
        if (line->kind == spool::Line::Kind::whole)
            text += '\n';
    }
    return text;
}

void check_lines(std::string_view text) {
    using Format = spool::LineReader::Format;
    require(all_lines({fuzz::file_with(text), Format::plain}) == text,
            "the lines of a plain file are its text");
    static_cast<void>(all_lines({fuzz::file_with(text), Format::gzip}));
    static_cast<void>(all_lines({fuzz::file_with(text), Format::either}));
}

void check_reader(const TempSpool& temp, const spool::Segment& segment, std::string_view text) {
    temp.write(segment.name, text);
    spool::Reader reader(temp.folder(), segment, temp.folder().open_file(segment.name, O_RDONLY));
    std::string line;
    PointBuffer points;
    while (reader.next(line)) {
        points.clear();
        const auto wrong = encode::parse_line_protocol(line, points);
        require(!wrong && points.size() == 1, "a delivered line is line protocol", line);
    }
    static_cast<void>(reader.take_bad_count());
    static_cast<void>(reader.fate());
    reader.log_damage();
}

void check_gzip(const TempSpool& temp, std::string_view text) {
    spool::Segment segment = *spool::segment_of_name(spool::plain_name(7));
    temp.write(segment.name, text);
    require(!spool::gzip_segment(temp.folder(), segment), "a segment can be gzipped");
    const auto name = spool::segment_of_name(segment.name);
    require(name && name->is_gzip && name->lines == segment.lines, "the name has the number of lines",
            segment.name);
    require(all_lines({temp.folder().open_file(segment.name, O_RDONLY), spool::LineReader::Format::gzip}) ==
                text,
            "a gzipped segment has the same text");
}

void check_names(const TempSpool& temp, std::string_view text) {
    std::size_t files = 0;
    while (!text.empty() && files < 4) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string name(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        static_cast<void>(spool::number_of_name(name));
        if (const auto segment = spool::segment_of_name(name))
            require(segment->name == name, "a segment has its name", name);
        if (name.empty() || name.size() > 200 ||
            name.find_first_of(std::string("/\0", 2)) != std::string::npos || name == "." || name == ".." ||
            name == spool::Folder::lock_name)
            continue;
        temp.write(name, "x\n");
        ++files;
    }
    spool::Contents contents;
    require(!spool::read_contents(temp.folder(), contents), "a folder can be read");
    require(contents.segments.size() + contents.bad.size() <= files, "no file is invented");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const TempSpool temp;
    const std::string_view text = fuzz::text_of(data, size);
    check_lines(text);
    check_reader(temp, *spool::segment_of_name(spool::plain_name(1)), text);
    check_reader(temp, *spool::segment_of_name(spool::gzip_name(2, 3)), text);
    check_gzip(temp, text);
    temp.clear();
    check_names(temp, text);
    temp.clear();
    return 0;
}
