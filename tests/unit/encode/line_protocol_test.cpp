// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit/encode/line_of.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>

using namespace lxcmon;
using lxcmon::test::line_of;
using lxcmon::test::OnePoint;

namespace {

std::string measurement_line(std::string_view name) {
    return *OnePoint(name).field("f", 1.0).line();
}
std::string tag_line(std::string_view key, std::string_view value) {
    return *OnePoint().tag(key, value).field("f", 1.0).line();
}
std::string field_line(std::string_view key) {
    return *OnePoint().field(key, 1.0).line();
}
std::string value_line(FieldValue value) {
    return *OnePoint().field("f", value).line();
}

} // namespace

TEST_CASE("names, tags and fields escape only their own separators") {
    CHECK(measurement_line("a,b c=d\"e'") == "a\\,b\\ c=d\"e' f=1 1\n");
    CHECK(tag_line("a,b c=d\"e", "v") == "m,a\\,b\\ c\\=d\"e=v f=1 1\n");
    CHECK(tag_line("k", "a,b c=d\"e") == "m,k=a\\,b\\ c\\=d\"e f=1 1\n");
    CHECK(field_line("a,b c=d\"e'") == "m a\\,b\\ c\\=d_e'=1 1\n");
    CHECK(value_line("a,b c=d\"e\\f") == "m f=\"a,b c=d\\\"e\\\\f\" 1\n");
}

TEST_CASE("a backslash in a name becomes a slash") {
    CHECK(measurement_line("a\\") == "a/ f=1 1\n");
    CHECK(measurement_line("a\\,b") == "a/\\,b f=1 1\n");
    CHECK(tag_line("k\\", "v\\") == "m,k/=v/ f=1 1\n");
    CHECK(field_line("k\\=") == "m k/\\==1 1\n");
}

TEST_CASE("every control byte in a name becomes an underscore") {
    for (int code = 0; code < 0x80; ++code) {
        if (code >= 0x20 && code != 0x7f)
            continue;
        const std::string name = std::string("a") + static_cast<char>(code);
        CAPTURE(code);
        CHECK(measurement_line(name) == "a_ f=1 1\n");
        CHECK(tag_line(name, name) == "m,a_=a_ f=1 1\n");
        CHECK(field_line(name) == "m a_=1 1\n");
    }
}

TEST_CASE("a string field has no raw control byte except TAB") {
    CHECK(value_line("a\nb") == "m f=\"a\\\\nb\" 1\n");
    CHECK(value_line("a\rb") == "m f=\"a\\\\rb\" 1\n");
    CHECK(value_line("\\\n") == "m f=\"\\\\\\\\n\" 1\n");
    CHECK(value_line("a\tb") == "m f=\"a\tb\" 1\n");
    CHECK(value_line(std::string_view("a\0b\x1b\x7f", 5)) == "m f=\"a_b__\" 1\n");
    CHECK(value_line("") == "m f=\"\" 1\n");
}

TEST_CASE("a measurement never begins with #, which starts a comment") {
    CHECK(measurement_line("#a#") == "_a# f=1 1\n");
    CHECK(measurement_line("a#") == "a# f=1 1\n");
}

TEST_CASE("a # is also replaced after earlier lines") {
    std::string out = "x f=1 1\n";
    OnePoint point("#a");
    point.field("f", 1.0).buffer.end();
    CHECK(encode::append_line_protocol(out, point.buffer[0]));
    CHECK(out == "x f=1 1\n_a f=1 1\n");
}

TEST_CASE("empty keys and keys named time are skipped") {
    CHECK(tag_line("time", "x") == "m f=1 1\n");
    CHECK(tag_line("", "x") == "m f=1 1\n");
    CHECK(tag_line("Time", "x") == "m,Time=x f=1 1\n");
    CHECK(OnePoint().field("time", 1.0).field("", 2.0).field("f", 3.0).line() == "m f=3 1\n");
    CHECK_FALSE(OnePoint().tag("k", "v").field("time", 1.0).line());
    CHECK_FALSE(OnePoint().tag("k", "v").field("", 1.0).line());
}

TEST_CASE("an empty tag is skipped, also in a point without a PointBuffer") {
    const std::array<Tag, 2> tags{{{"a", ""}, {"b", "1"}}};
    const std::array<Field, 1> fields{{{"f", true}}};
    CHECK(line_of({"m", tags, fields, 1}) == "m,b=1 f=true 1\n");
}

TEST_CASE("a point without field or name gives no line") {
    const std::array<Field, 1> fields{{{"f", true}}};
    CHECK_FALSE(line_of({"m", {}, {}, 1}));
    CHECK_FALSE(line_of({"", {}, fields, 1}));
}

TEST_CASE("tags with equal encoded keys become one: servers refuse duplicate keys") {
    CHECK(OnePoint().tag("a/b", "1").tag("a\\b", "2").field("f", 1.0).line() == "m,a/b=2 f=1 1\n");
    CHECK(OnePoint().tag("k\x01", "1").tag("k_", "2").field("f", 1.0).line() == "m,k_=2 f=1 1\n");
    CHECK(OnePoint().tag("\xfe", "1").tag("\xff", "2").tag("z", "3").field("f", 1.0).line() ==
          "m,z=3,\xEF\xBF\xBD=2 f=1 1\n");
}

TEST_CASE("integers have the whole range of 64 bits") {
    CHECK(value_line(std::int64_t{0}) == "m f=0i 1\n");
    CHECK(value_line(std::numeric_limits<std::int64_t>::max()) == "m f=9223372036854775807i 1\n");
    CHECK(value_line(std::numeric_limits<std::int64_t>::min()) == "m f=-9223372036854775808i 1\n");
}

TEST_CASE("floats have the shortest form that parses to the same number") {
    CHECK(value_line(0.1) == "m f=0.1 1\n");
    CHECK(value_line(0.1 + 0.2) == "m f=0.30000000000000004 1\n");
    CHECK(value_line(1.0 / 3) == "m f=0.3333333333333333 1\n");
    CHECK(value_line(100.0) == "m f=100 1\n");
    CHECK(value_line(-0.0) == "m f=-0 1\n");
    CHECK(value_line(1e300) == "m f=1e+300 1\n");
    CHECK(value_line(std::numeric_limits<double>::denorm_min()) == "m f=5e-324 1\n");
    CHECK(value_line(-std::numeric_limits<double>::max()) == "m f=-1.7976931348623157e+308 1\n");
}

TEST_CASE("NaN and infinities are skipped; without other fields there is no line") {
    const double infinity = std::numeric_limits<double>::infinity();
    CHECK(OnePoint().field("a", std::nan("")).field("b", infinity).field("c", 1.0).line() == "m c=1 1\n");
    CHECK_FALSE(OnePoint().field("a", std::nan("")).field("b", -infinity).line());
}

TEST_CASE("booleans are true and false") {
    CHECK(value_line(true) == "m f=true 1\n");
    CHECK(value_line(false) == "m f=false 1\n");
}

TEST_CASE("the time is always written, also 0 and negative") {
    const std::array<Field, 1> fields{{{"f", true}}};
    CHECK(line_of({"m", {}, fields, 0}) == "m f=true 0\n");
    CHECK(line_of({"m", {}, fields, -1}) == "m f=true -1\n");
    CHECK(line_of({"m", {}, fields, 1'700'000'000'000'000'000}) == "m f=true 1700000000000000000\n");
}
