// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/point.hpp"

#include <bit>
#include <random>
#include <string>
#include <string_view>

namespace lxcmon::test {

/// Random points with invalid and special bytes. The seed is fixed: failures are reproducible.
class HostilePoints {
  public:
    /// Adds a point, or none if all its random fields are dropped.
    void add(PointBuffer& points) {
        points.begin(points.store("m" + bytes()), integer());
        // The letter before each key keeps keys distinct and in order after encoding.
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

    /// Random bytes; half of them are special in some format.
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

} // namespace lxcmon::test
