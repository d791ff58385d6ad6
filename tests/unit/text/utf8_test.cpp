// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/utf8.hpp"

#include "unit/encode/line_of.hpp"

#include <doctest/doctest.h>

using namespace lxcmon;
using lxcmon::test::OnePoint;
using text::character_bytes;
using text::max_string_bytes;

namespace {

constexpr std::string_view bad = "\xEF\xBF\xBD";

std::string repeated(std::string_view text, std::size_t times) {
    std::string all;
    for (std::size_t count = 0; count < times; ++count)
        all += text;
    return all;
}

/// The text as the encoder writes it: each invalid byte is one U+FFFD.
std::string cleaned(std::string_view text) {
    std::string out;
    text::append_text(out, text, [&](char c) { out.push_back(c); });
    return out;
}

} // namespace

TEST_CASE("characters of each length, at the edges of their ranges") {
    for (const char* text : {"a", "\x7f", "\xc2\xa0", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                             "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
        CAPTURE(std::string(text));
        const std::string_view character = text;
        CHECK(character_bytes(character) == character.size());
        CHECK(character_bytes(std::string(character) + "\x80") == character.size());
        CHECK(cleaned(character) == character);
    }
    CHECK(character_bytes(std::string_view("\0", 1)) == 1);
}

TEST_CASE("each byte that is not UTF-8 becomes U+FFFD") {
    const struct {
        const char* kind;
        std::string_view text;
        std::size_t replaced;
    } cases[] = {
        {"lone continuation", "\x80", 1},
        {"continuations", "\x80\xbf", 2},
        {"overlong of two", "\xc0\xaf", 2},
        {"overlong of two, last", "\xc1\xbf", 2},
        {"overlong of three", "\xe0\x9f\xbf", 3},
        {"overlong of four", "\xf0\x8f\xbf\xbf", 4},
        {"first surrogate", "\xed\xa0\x80", 3},
        {"last surrogate", "\xed\xbf\xbf", 3},
        {"pair of surrogates", "\xed\xa0\xbd\xed\xb8\x80", 6},
        {"beyond U+10FFFF", "\xf4\x90\x80\x80", 4},
        {"five bytes long", "\xf8\x88\x80\x80\x80", 5},
        {"never in UTF-8", "\xfe\xff", 2},
        {"two cut at the end", "\xc3", 1},
        {"three cut after one", "\xe2", 1},
        {"three cut after two", "\xe2\x82", 2},
        {"four cut after three", "\xf0\x9f\x98", 3},
    };
    for (const auto& each : cases) {
        CAPTURE(std::string(each.kind));
        CHECK(cleaned(each.text) == repeated(bad, each.replaced));
        CHECK(cleaned("a" + std::string(each.text) + "z") == "a" + repeated(bad, each.replaced) + "z");
    }
}

TEST_CASE("a truncated character does not damage the next one") {
    CHECK(cleaned("\xe2\x82\xc3\xa4") == repeated(bad, 2) + "\xc3\xa4");
    CHECK(cleaned("\xf0\x9f\x98\xe2\x82\xac") == repeated(bad, 3) + "\xe2\x82\xac");
    CHECK(cleaned("\xc3,") == std::string(bad) + ",");
}

TEST_CASE("text with U+FFFD is valid line protocol in names, tags and fields") {
    CHECK(OnePoint("m\xff").tag("t\xff", "v\xff").field("f\xff", "s\xff").line() ==
          "m\xEF\xBF\xBD,t\xEF\xBF\xBD=v\xEF\xBF\xBD f\xEF\xBF\xBD=\"s\xEF\xBF\xBD\" 1\n");
}

TEST_CASE("text is cut at 64 KiB, on a character boundary") {
    CHECK(cleaned(std::string(max_string_bytes, 'a')).size() == max_string_bytes);
    CHECK(cleaned(std::string(max_string_bytes + 1, 'a')).size() == max_string_bytes);
    // 65536 is 3 * 21845 + 1: the last character does not fit.
    CHECK(cleaned(repeated("\xe2\x82\xac", 30'000)) == repeated("\xe2\x82\xac", 21'845));
    CHECK(cleaned("a" + repeated("\xe2\x82\xac", 30'000)) == "a" + repeated("\xe2\x82\xac", 21'845));
    CHECK(cleaned("aa" + repeated("\xe2\x82\xac", 30'000)) == "aa" + repeated("\xe2\x82\xac", 21'844));
    CHECK(cleaned(std::string(30'000, '\xff')) == repeated(bad, 21'845));
    // A character that does not fit ends the text, even if a shorter one follows.
    CHECK(cleaned(std::string(max_string_bytes - 1, 'a') + "\xc3\xa4z") ==
          std::string(max_string_bytes - 1, 'a'));
}

TEST_CASE("the limit on a string field does not count escapes") {
    const std::string quotes(max_string_bytes + 5, '"');
    CHECK(OnePoint().field("f", quotes).line() == "m f=\"" + repeated("\\\"", max_string_bytes) + "\" 1\n");
}

TEST_CASE("control bytes are 0 to 0x1f and 0x7f") {
    for (int code = 0; code < 256; ++code) {
        CAPTURE(code);
        const bool expected = code < 0x20 || code == 0x7f;
        CHECK(text::is_control(static_cast<char>(code)) == expected);
    }
}

TEST_CASE("plain text has no byte that a format escapes or replaces, and is not cut") {
    CHECK(text::is_plain(""));
    CHECK(text::is_plain("lxc_cpu"));
    CHECK(text::is_plain("/var/lib/x-1.2:3@"));
    for (const char c : std::string_view(", =\"\\\n\r\t\x01\x7f#\xc3\xa4\xff"))
        CHECK_FALSE(text::is_plain(std::string("a") + c + "b"));
    CHECK(text::is_plain(std::string(max_string_bytes, 'a')));
    CHECK_FALSE(text::is_plain(std::string(max_string_bytes + 1, 'a')));
}

TEST_CASE("characters that change what others look like are harmful") {
    for (const char* text :
         {"\xc2\x80", "\xc2\x9b", "\xc2\x9f", "\xd8\x9c", "\xe2\x80\x8e", "\xe2\x80\xae", "\xe2\x81\xa9"})
        CHECK(lxcmon::text::is_harmful(text));
    for (const char* text : {"", "a", "\x1b", "\xc2\xa0", "\xc3\x9b", "\xe2\x80\x8b", "\xe2\x82\xac"})
        CHECK_FALSE(lxcmon::text::is_harmful(text));
    std::string out;
    lxcmon::text::append_text(out, "a\xc2\x9b[31m\xe2\x80\xae\xc3\xbc", [&](char c) { out.push_back(c); });
    CHECK(out == "a\xef\xbf\xbd[31m\xef\xbf\xbd\xc3\xbc");
}
