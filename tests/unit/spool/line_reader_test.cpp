// SPDX-License-Identifier: GPL-2.0-or-later
#include "spool/line_reader.hpp"

#include "unit/spool/spool_support.hpp"

#include <fcntl.h>

#include <random>

using namespace lxcmon;
using namespace lxcmon::spool;
using namespace lxcmon::test;

namespace {

using Kind = Line::Kind;
using Format = LineReader::Format;

LineReader reader_of(const TempFolder& folder, const std::string& bytes, Format format) {
    return {io::UniqueFd(::open(folder.write("f", bytes).c_str(), O_RDONLY)), format};
}

void check_line(LineReader& reader, Kind kind, const std::string& text, std::uint64_t offset) {
    const auto line = reader.next();
    REQUIRE(line);
    CHECK(line->kind == kind);
    CHECK(line->text == text);
    CHECK(line->offset == offset);
}

void check_end(LineReader& reader, const std::string& error = "") {
    CHECK_FALSE(reader.next());
    CHECK_FALSE(reader.next());
    CHECK(reader.error() == error);
}

} // namespace

TEST_CASE_FIXTURE(TempFolder, "plain and gzip lines, empty lines and a line without LF") {
    const std::string text = "one\n\nthree\nto";
    for (const auto& [bytes, format] : {std::pair{text, Format::plain},
                                        {text, Format::either},
                                        {packed(text), Format::gzip},
                                        {packed(text), Format::either},
                                        {packed("one\n\nth") + packed("ree\nto"), Format::gzip}}) {
        LineReader reader = reader_of(*this, bytes, format);
        check_line(reader, Kind::whole, "one", 0);
        check_line(reader, Kind::whole, "", 4);
        check_line(reader, Kind::whole, "three", 5);
        check_line(reader, Kind::torn, "to", 11);
        check_end(reader);
    }
    LineReader empty = reader_of(*this, "", Format::plain);
    check_end(empty);
}

TEST_CASE_FIXTURE(TempFolder, "lines above the limit are returned in parts") {
    const std::string longest(LineReader::longest_line_bytes - 1, 'a');
    const std::string longer(3 * LineReader::longest_line_bytes, 'b');
    LineReader reader = reader_of(*this, longest + "\nx\n" + longer + "\ny\n", Format::plain);
    check_line(reader, Kind::whole, longest, 0);
    check_line(reader, Kind::whole, "x", longest.size() + 1);
    std::string parts;
    while (!parts.ends_with('\n')) {
        const auto part = reader.next();
        REQUIRE(part);
        REQUIRE(part->kind == Kind::part);
        CHECK(part->offset == longest.size() + 3 + parts.size());
        parts += part->text;
    }
    CHECK(parts == longer + "\n");
    check_line(reader, Kind::whole, "y", longest.size() + longer.size() + 4);
    check_end(reader);
    LineReader endless = reader_of(*this, longer, Format::plain);
    parts.clear();
    while (const auto part = endless.next()) {
        REQUIRE(part->kind == Kind::part);
        parts += part->text;
    }
    CHECK(parts == longer);
}

TEST_CASE_FIXTURE(TempFolder, "read errors differ from the end of the file") {
    LineReader plain = reader_of(*this, "x\n", Format::gzip);
    check_end(plain, "not gzip");
    LineReader cut = reader_of(*this, packed("one\ntwo\n").substr(0, 24), Format::either);
    while (cut.next()) {
    }
    CHECK(cut.error() == "damaged gzip: unexpected end of file");
    LineReader none(io::UniqueFd(), Format::gzip);
    check_end(none, "Bad file descriptor");
    LineReader folder(io::UniqueFd(::open("/tmp", O_RDONLY)), Format::plain);
    check_end(folder, "Is a directory");
    LineReader folder_as_either(io::UniqueFd(::open("/tmp", O_RDONLY)), Format::either);
    check_end(folder_as_either, "Is a directory");
}

TEST_CASE_FIXTURE(TempFolder, "a damaged gzip file loses at most 16 KiB before the damage") {
    const std::string text = numbered_json(1, 20'000);
    const std::string whole = packed(text);
    std::mt19937 random(1);
    for (std::size_t part = 2; part < 10; ++part) {
        std::string gzip = whole;
        std::generate(gzip.begin() + static_cast<std::ptrdiff_t>(part * gzip.size() / 10), gzip.end(),
                      [&] { return static_cast<char>(random()); });
        std::string unpacked(2 * text.size(), '\0');
        z_stream state{};
        REQUIRE(inflateInit2(&state, MAX_WBITS + 16) == Z_OK);
        state.next_in = reinterpret_cast<Bytef*>(gzip.data());
        state.avail_in = static_cast<uInt>(gzip.size());
        state.next_out = reinterpret_cast<Bytef*>(unpacked.data());
        state.avail_out = static_cast<uInt>(unpacked.size());
        CHECK(inflate(&state, Z_FINISH) == Z_DATA_ERROR);
        CHECK(inflateEnd(&state) == Z_OK);
        LineReader reader = reader_of(*this, gzip, Format::gzip);
        std::size_t size = 0;
        while (const auto line = reader.next())
            size += line->text.size() + 1;
        CHECK(reader.error().starts_with("damaged gzip: "));
        CHECK(size + (16U << 10U) >= state.total_out);
    }
}
