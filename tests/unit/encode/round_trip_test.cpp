#include "encode/json_lines.hpp"
#include "unit/encode/line_of.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <random>

using namespace lxcmon;
using lxcmon::test::line_of;

namespace {

/// Points of what nobody should put into a point. A fixed seed: a failure comes again.
class HostilePoints {
  public:
    /// Adds a point, or none where chance gave it no field that stays.
    void add(PointBuffer& points) {
        points.begin(points.store("m" + bytes()), integer());
        // A letter before each key keeps the keys of one point apart, and in one order, whatever becomes of
        // the rest.
        for (char letter = 'a'; letter < 'a' + below(5); ++letter)
            points.tag(points.store(letter + bytes()), points.store(bytes()));
        if (below(4) == 0)
            points.tag(points.store(bytes()), points.store(bytes()));
        for (char letter = 'a'; letter < 'b' + below(5); ++letter)
            points.field(points.store(letter + bytes()), value(points));
        points.end();
    }

  private:
    int below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random_); }
    std::int64_t integer() { return static_cast<std::int64_t>(random_()) >> below(64); }
    double number() {
        return below(2) == 0 ? std::bit_cast<double>(random_()) : static_cast<double>(integer());
    }

    /// Random bytes, and often those that mean something somewhere.
    std::string bytes() {
        static constexpr std::string_view special =
            "\\\\\",= \n\r\t#{}[]:'\x7f\xc3\xa4\xe2\x82\xac\xed\xa0\x80";
        std::string text;
        for (int left = below(12); left > 0; --left)
            text.push_back(below(2) == 0 ? static_cast<char>(below(256))
                                         : special[static_cast<std::size_t>(below(int{special.size()}))]);
        return text;
    }

    FieldValue value(PointBuffer& points) {
        switch (below(4)) {
        case 0:
            return integer();
        case 1:
            return number();
        case 2:
            return below(2) == 0;
        default:
            return points.store(bytes());
        }
    }

    std::mt19937_64 random_{20'240'607};
};

std::string json_of(const Point& point) {
    std::string json;
    encode::append_json_line(json, point);
    return json;
}

} // namespace

TEST_CASE("point to JSON to point: the line protocol is the same, byte for byte") {
    HostilePoints hostile;
    PointBuffer points;
    for (int count = 0; count < 5000; ++count)
        hostile.add(points);
    REQUIRE(points.size() > 4000);
    PointBuffer back;
    for (std::size_t index = 0; index < points.size(); ++index) {
        const std::string json = json_of(points[index]);
        CAPTURE(json);
        const auto wrong = encode::parse_json_line(json, back);
        REQUIRE(wrong.value_or("") == "");
        REQUIRE(back.size() == index + 1);
        REQUIRE(line_of(back[index]) == line_of(points[index]));
    }
}

TEST_CASE("a hostile point is one line in either format") {
    HostilePoints hostile;
    PointBuffer points;
    for (int count = 0; count < 2000; ++count)
        hostile.add(points);
    REQUIRE_FALSE(points.empty());
    for (std::size_t index = 0; index < points.size(); ++index) {
        const std::string json = json_of(points[index]);
        REQUIRE(json.find('\n') == json.size() - 1);
        const std::string line = line_of(points[index]).value_or("\n");
        REQUIRE(line.find('\n') == line.size() - 1);
        REQUIRE(line.find('\r') == std::string::npos);
        REQUIRE(line.find('\0') == std::string::npos);
    }
}

TEST_CASE("a text longer than 64 KiB comes back as it was cut") {
    PointBuffer points;
    const std::string text = std::string(100, '\xff') + std::string(70'000, '\n') + "\xe2\x82\xac";
    points.begin("m", 1);
    points.field("f", text);
    points.end();
    PointBuffer back;
    REQUIRE_FALSE(encode::parse_json_line(json_of(points[0]), back));
    CHECK(line_of(back[0]) == line_of(points[0]));
}
