// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/parse.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

using namespace lxcmon::io;

namespace {

using Texts = std::vector<std::string>;

Texts lines_of(std::string_view text) {
    Texts lines;
    for_each_line(text, [&](std::string_view line) { lines.emplace_back(line); });
    return lines;
}

Texts words_of(std::string_view text) {
    Texts words;
    for_each_word(text, [&](std::string_view word) { words.emplace_back(word); });
    return words;
}

} // namespace

TEST_CASE("parse_number accepts the whole range of its type") {
    CHECK(parse_number<std::int64_t>("9223372036854775807") == INT64_MAX);
    CHECK(parse_number<std::int64_t>("-9223372036854775808") == INT64_MIN);
    CHECK(parse_number<std::uint64_t>("18446744073709551615") == UINT64_MAX);
    CHECK(parse_number<int>("0") == 0);
    CHECK(parse_number<int>("007") == 7);
    CHECK(parse_number<std::uint8_t>("255") == 255);
}

TEST_CASE("parse_number gives nullopt for an overflow") {
    CHECK_FALSE(parse_number<std::int64_t>("9223372036854775808"));
    CHECK_FALSE(parse_number<std::int64_t>("-9223372036854775809"));
    CHECK_FALSE(parse_number<std::uint64_t>("18446744073709551616"));
    CHECK_FALSE(parse_number<std::uint8_t>("256"));
    CHECK_FALSE(parse_number<std::uint64_t>("-1"));
}

TEST_CASE("parse_decimal accepts digits and one point, nothing else") {
    CHECK(parse_decimal("0.00") == 0.0);
    CHECK(parse_decimal("12.34") == 12.34);
    CHECK(parse_decimal("100") == 100.0);
    for (const char* text :
         {"", ".", ".5", " 1.0", "1.0 ", "-1.0", "+1.0", "inf", "nan", "1e3", "1.0x", "1.0.0"}) {
        CAPTURE(std::string(text));
        CHECK_FALSE(parse_decimal(text));
    }
}

TEST_CASE("parse_number gives nullopt for text with any other character") {
    for (const char* text :
         {"", " ", " 1", "1 ", "1\n", "+1", "-", "0x10", "1.0", "1e3", "max", "--1", "1\t"}) {
        CAPTURE(std::string(text));
        CHECK_FALSE(parse_number<std::int64_t>(text));
    }
    CHECK_FALSE(parse_number<int>(std::string_view{}));
    CHECK_FALSE(parse_number<int>(std::string_view("1\0", 2)));
}

TEST_CASE("take_until cuts at the first separator") {
    std::string_view rest = "a:b::c";
    CHECK(take_until(rest, ':') == "a");
    CHECK(rest == "b::c");
    CHECK(take_until(rest, ':') == "b");
    CHECK(take_until(rest, ':').empty());
    CHECK(rest == "c");
    CHECK(take_until(rest, ':') == "c");
    CHECK(rest.empty());
    CHECK(take_until(rest, ':').empty());
}

TEST_CASE("take_until leaves an empty rest after a final separator") {
    std::string_view rest = "a:";
    CHECK(take_until(rest, ':') == "a");
    CHECK(rest.empty());
}

TEST_CASE("for_each_line skips a last line without LF") {
    CHECK(lines_of("a 1\nb 2\nc") == Texts{"a 1", "b 2"});
    CHECK(lines_of("a 1\n\nb\n") == Texts{"a 1", "", "b"});
    CHECK(lines_of("\n") == Texts{""});
    CHECK(lines_of("cut").empty());
    CHECK(lines_of("").empty());
}

TEST_CASE("for_each_word treats several spaces as one") {
    CHECK(words_of("a b") == Texts{"a", "b"});
    CHECK(words_of("  a   b  ") == Texts{"a", "b"});
    CHECK(words_of("a\tb") == Texts{"a\tb"});
    CHECK(words_of("   ").empty());
    CHECK(words_of("").empty());
}

TEST_CASE("single_line requires the final LF") {
    CHECK(single_line("max\n") == std::string_view("max"));
    CHECK(single_line("\n") == std::string_view());
    CHECK_FALSE(single_line("12"));
    CHECK_FALSE(single_line(""));
}
