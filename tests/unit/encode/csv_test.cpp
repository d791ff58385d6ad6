// SPDX-License-Identifier: GPL-2.0-or-later
#include "encode/csv.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::encode;

namespace {

/// 2023-11-14T22:13:20.000Z
constexpr std::int64_t csv_time_ns = 1'700'000'000'000'000'000;

std::string csv_row(const std::vector<Tag>& tags, const std::vector<Field>& fields,
                    const CsvColumns& columns) {
    PointBuffer points;
    points.begin("m", csv_time_ns + 250'000'000);
    points.tags(tags);
    for (const Field& each : fields)
        points.field(each.key, each.value);
    points.end();
    std::string text;
    append_csv_row(text, points[0], columns);
    return text;
}

/// first() and last() of a text that comes in pieces of this size.
std::pair<std::uint64_t, std::uint64_t> record_ends(std::string_view text, std::size_t piece = 1) {
    CsvRecordEnds ends;
    for (; !text.empty(); text.remove_prefix(std::min(piece, text.size())))
        ends.add(text.substr(0, piece));
    return {ends.first(), ends.last()};
}

} // namespace

TEST_CASE("the columns of a measurement are its tags and the selected fields of the table") {
    const CsvColumns all = csv_columns("lxc_pids", Selection::everything());
    CHECK(all.tags == std::vector<std::string>{"host", "container", "name"});
    CHECK(all.fields ==
          std::vector<std::string>{"processes", "threads", "limit", "own_limit", "peak", "events_max"});
    const Selection few = Selection::of(std::vector<std::string>{"host_io.read_*", "lxc_fs.total_bytes"});
    CHECK(csv_header(csv_columns("host_io", few)) ==
          "time,host,device,stacked,read_bytes,read_ops,read_usec,read_merges\r\n");
    CHECK(csv_header(csv_columns("lxc_fs", few)) ==
          "time,host,container,name,mountpoint,device,fstype,total_bytes\r\n");
    CHECK(csv_columns("lxc_pids", few).fields.empty());
    CHECK(csv_columns("other", few) == CsvColumns{});
}

TEST_CASE("values: integers, the shortest floats, true and false, texts; an absent one is an empty cell") {
    const CsvColumns columns{{"host", "name"}, {"i", "f", "none", "yes", "no", "s", "empty"}};
    CHECK(csv_row({{"host", "a"}},
                  {{"i", std::int64_t{-7}},
                   {"f", 0.1},
                   {"yes", true},
                   {"no", false},
                   {"s", std::string_view("x y")},
                   {"empty", std::string_view()}},
                  columns) == "2023-11-14T22:13:20.250Z,a,,-7,0.1,,true,false,x y,\"\"\r\n");
}

TEST_CASE("texts with a comma, a quote or a line end are quoted, and only these") {
    const CsvColumns columns{{}, {"s"}};
    const auto cell = [&](std::string_view text) {
        const std::string row = csv_row({}, {{"s", text}}, columns);
        return row.substr(25, row.size() - 27);
    };
    CHECK(cell("plain 'text' =1;\t") == "plain 'text' =1;\t");
    CHECK(cell("a,b") == "\"a,b\"");
    CHECK(cell("say \"hi\"") == "\"say \"\"hi\"\"\"");
    CHECK(cell("\"") == "\"\"\"\"");
    CHECK(cell("a\nb") == "\"a\nb\"");
    CHECK(cell("a\r") == "\"a\r\"");
}

TEST_CASE("a point adds the tags and fields that the columns lack") {
    CsvColumns columns{{"host"}, {"v"}};
    PointBuffer points;
    points.begin("m", 1);
    points.tags(std::vector<Tag>{{"host", "a"}, {"site", "x"}});
    points.field("v", true);
    points.field("w", true);
    points.end();
    CHECK(add_csv_columns(points[0], columns));
    CHECK(columns == CsvColumns{{"host", "site"}, {"v", "w"}});
    CHECK_FALSE(add_csv_columns(points[0], columns));
}

TEST_CASE("a header is adopted with the same fields, and with all tags or more") {
    const auto adopt = [](std::string_view header) {
        CsvColumns columns{{"host", "na,me"}, {"v", "w"}};
        return adopt_csv_header(header, columns) ? csv_header(columns) : "";
    };
    const std::string same = "time,host,\"na,me\",v,w\r\n";
    CHECK(adopt(same) == same);
    const std::string more = "time,host,\"si\"\"te\",\"na,me\",v,w\r\n";
    CHECK(adopt(more) == more);
    for (const char* other :
         {"", "\r\n", "time,host,v,w\r\n", "time,host,\"na,me\",v\r\n", "time,host,\"na,me\",v,w,x\r\n",
          "time,host,\"na,me\",w,v\r\n", "times,host,\"na,me\",v,w\r\n", "time,host,\"na,me\",v,w\n",
          "time,host,\"na,me\",v,w", "time,host,\"na,me,v,w\r\n"}) {
        CAPTURE(std::string(other));
        CHECK(adopt(other).empty());
    }
}

TEST_CASE("ends of records, not of lines in quotes") {
    using Ends = std::pair<std::uint64_t, std::uint64_t>;
    for (const std::size_t piece : {1U, 2U, 3U, 100U}) {
        CHECK(record_ends("", piece) == Ends{0, 0});
        CHECK(record_ends("a,b", piece) == Ends{0, 0});
        CHECK(record_ends("a\r\n", piece) == Ends{3, 3});
        CHECK(record_ends("a\r\nb\r\nc", piece) == Ends{3, 6});
        CHECK(record_ends("a\r\n\"b\n\"\"\nc", piece) == Ends{3, 3});
        CHECK(record_ends("a\r\n\"b\n\"\r\nc", piece) == Ends{3, 9});
    }
}

TEST_CASE("what is written is read back: each header fits its own columns") {
    for (const MeasurementInfo& each : measurement_table) {
        const CsvColumns columns = csv_columns(each.name, Selection::everything());
        CsvColumns read = columns;
        CAPTURE(std::string(each.name));
        CHECK(adopt_csv_header(csv_header(columns), read));
        CHECK(read == columns);
    }
}
