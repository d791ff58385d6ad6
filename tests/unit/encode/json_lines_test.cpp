// SPDX-License-Identifier: GPL-2.0-or-later
#include "encode/json_lines.hpp"

#include "unit/encode/line_of.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace lxcmon;
using lxcmon::encode::parse_json_line;
using lxcmon::test::line_of;
using lxcmon::test::OnePoint;

namespace {

std::string json_of(OnePoint& point) {
    point.buffer.end();
    std::string out;
    encode::append_json_line(out, point.buffer[0]);
    return out;
}

std::string float_json(double number) {
    OnePoint point;
    return json_of(point.field("f", number));
}

std::string with_float(std::string_view text) {
    return "{\"fields\":{\"f\":" + std::string(text) + "},\"name\":\"m\",\"tags\":{},\"timestamp\":1}\n";
}

/// The error for a line; checks that nothing was added.
std::string wrong_with(std::string_view line) {
    PointBuffer points;
    points.begin("before", 1);
    points.field("f", true);
    points.end();
    const auto wrong = parse_json_line(line, points);
    CHECK(points.size() == 1);
    points.begin("after", 2);
    points.field("g", true);
    points.end();
    CHECK(line_of(points[0]) == "before f=true 1\n");
    CHECK(line_of(points[1]) == "after g=true 2\n");
    return wrong.value_or("taken");
}

std::string line_of_json(std::string_view json) {
    PointBuffer points;
    if (const auto wrong = parse_json_line(json, points))
        return *wrong;
    return line_of(points[0]).value_or("no line");
}

std::string nested(std::size_t depth, std::string_view open, std::string_view inner, std::string_view close) {
    std::string text;
    for (std::size_t level = 0; level < depth; ++level)
        text += open;
    text += inner;
    for (std::size_t level = 0; level < depth; ++level)
        text += close;
    return text;
}

} // namespace

TEST_CASE("the layout of a JSON line: fields, name, tags, timestamp") {
    OnePoint point("lxc_state");
    point.tag("host", "h").tag("container", "c").field("state", "RUNNING").field("running", true);
    CHECK(json_of(point) == "{\"fields\":{\"state\":\"RUNNING\",\"running\":true},\"name\":\"lxc_state\","
                            "\"tags\":{\"container\":\"c\",\"host\":\"h\"},\"timestamp\":1}\n");
}

TEST_CASE("a float always has a point or an exponent") {
    CHECK(float_json(1) == with_float("1.0"));
    CHECK(float_json(-0.0) == with_float("-0.0"));
    CHECK(float_json(0.5) == with_float("0.5"));
    CHECK(float_json(1e22) == with_float("1e+22"));
    CHECK(float_json(5e-324) == with_float("5e-324"));
    CHECK(float_json(1e15) == with_float("1e+15"));
    CHECK(float_json(123456) == with_float("123456.0"));
}

TEST_CASE("a parsed line keeps types and order") {
    CHECK(line_of_json(
              R"({"fields":{"z":1,"a":1.0,"b":true,"s":"x"},"name":"m","tags":{"k":"v"},"timestamp":5})") ==
          "m,k=v z=1i,a=1,b=true,s=\"x\" 5\n");
}

TEST_CASE("a line of another program: blanks, another order, no tags, unknown members, escapes") {
    CHECK(line_of_json(" { \"timestamp\" : -5, \"x\": null, \"name\" : \"m\", \"fields\" : "
                       "{\"f\":\"\\u00e4\\n\"} }\r\n") == "m f=\"\xc3\xa4\\\\n\" -5\n");
    CHECK(line_of_json(R"({"fields":{"f":1},"name":"m","tags":{"b":"1","a":"2","c":""},"timestamp":5})") ==
          "m,a=2,b=1 f=1i 5\n");
}

TEST_CASE("integers are clamped to the range of line protocol") {
    CHECK(line_of_json(R"({"fields":{"f":18446744073709551615},"name":"m","timestamp":5})") ==
          "m f=9223372036854775807i 5\n");
    CHECK(line_of_json(R"({"fields":{"f":-9223372036854775808},"name":"m","timestamp":5})") ==
          "m f=-9223372036854775808i 5\n");
}

TEST_CASE("text that is not JSON is refused") {
    for (const char* line :
         {"", " ", "{", "lxc_cpu f=1i 1", "{\"fields\":{\"f\":1},\"name\":\"m\",\"timestamp\":1",
          "{\"fields\":{\"f\":1},\"name\":\"m\",\"timestamp\":1} x",
          "{\"fields\":{\"f\":NaN},\"name\":\"m\",\"timestamp\":1}",
          "{\"fields\":{\"f\":1e999},\"name\":\"m\",\"timestamp\":1}",
          "{\"fields\":{\"f\":\"\xff\"},\"name\":\"m\",\"timestamp\":1}"}) {
        CAPTURE(std::string(line));
        CHECK(wrong_with(line) == "not JSON");
    }
    CHECK(wrong_with(std::string_view("{\"name\0", 7)) == "not JSON");
}

TEST_CASE("JSON of another layout is refused; the error names the member") {
    const struct {
        std::string line;
        std::string named;
    } cases[] = {
        {"[]", "object"},
        {"1", "object"},
        {"null", "object"},
        {R"({"fields":{"f":1},"timestamp":1})", "name"},
        {R"({"fields":{"f":1},"name":"","timestamp":1})", "name"},
        {R"({"fields":{"f":1},"name":5,"timestamp":1})", "name"},
        {R"({"name":"m","timestamp":1})", "fields"},
        {R"({"fields":{},"name":"m","timestamp":1})", "fields"},
        {R"({"fields":[1],"name":"m","timestamp":1})", "fields"},
        {R"({"fields":null,"name":"m","timestamp":1})", "fields"},
        {R"({"fields":{"ok":1,"deep":{"f":1}},"name":"m","tags":{"k":"v"},"timestamp":1})", "deep"},
        {R"({"fields":{"ok":1,"list":[1]},"name":"m","timestamp":1})", "list"},
        {R"({"fields":{"none":null},"name":"m","timestamp":1})", "none"},
        {R"({"fields":{"f":1},"name":"m"})", "timestamp"},
        {R"({"fields":{"f":1},"name":"m","timestamp":1.0})", "timestamp"},
        {R"({"fields":{"f":1},"name":"m","timestamp":1e18})", "timestamp"},
        {R"({"fields":{"f":1},"name":"m","timestamp":"1"})", "timestamp"},
        {R"({"fields":{"f":1},"name":"m","timestamp":9223372036854775808})", "timestamp"},
        {R"({"fields":{"f":1},"name":"m","timestamp":18446744073709551615})", "timestamp"},
        {R"({"fields":{"f":1},"name":"m","tags":[],"timestamp":1})", "tags"},
        {R"({"fields":{"f":1},"name":"m","tags":null,"timestamp":1})", "tags"},
        {R"({"fields":{"f":1},"name":"m","tags":{"ok":"v","number":7},"timestamp":1})", "number"},
        {R"({"fields":{"f":1},"name":"m","tags":{"flag":true},"timestamp":1})", "flag"},
    };
    for (const auto& each : cases) {
        CAPTURE(each.line);
        const std::string wrong = wrong_with(each.line);
        CAPTURE(wrong);
        CHECK(wrong.find(each.named) != std::string::npos);
    }
}

TEST_CASE("deep nesting is refused without a crash") {
    constexpr std::size_t depth = 100'000;
    CHECK(wrong_with(nested(depth, "[", "", "]")) == "not a JSON object");
    CHECK(wrong_with(nested(depth, "[", "", "")) == "not JSON");
    CHECK(wrong_with(nested(depth, "{\"a\":", "", "")) == "not JSON");
    CHECK(wrong_with(nested(depth, "{\"a\":", "1", "}")).find("name") != std::string::npos);
    CHECK(
        wrong_with("{\"fields\":{\"f\":" + nested(depth, "[", "", "]") + "},\"name\":\"m\",\"timestamp\":1}")
            .find("\"f\"") != std::string::npos);
}

TEST_CASE("a line with more keys than any point has is refused: ordered JSON takes quadratic time") {
    const auto wrong_of = [](std::size_t fields) {
        std::string line = R"({"name":"m","timestamp":1,"fields":{)";
        for (std::size_t field = 0; field < fields; ++field)
            line += (field == 0 ? "\"f" : ",\"f") + std::to_string(field) + "\":1";
        PointBuffer points;
        return parse_json_line(line + "}}", points);
    };
    CHECK_FALSE(wrong_of(997)); // and three keys above
    CHECK(wrong_of(998) == "more than 1000 keys");
    CHECK(wrong_of(100'000) == "more than 1000 keys");
}
