// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/clean_name.hpp"

#include "text/utf8.hpp"

#include <doctest/doctest.h>

using lxcmon::text::clean_name;
using lxcmon::text::is_clean;
using namespace std::string_view_literals;

TEST_CASE("bytes that line protocol can't hold are replaced") {
    CHECK(clean_name("my\001db") == "my_db");
    CHECK(clean_name("a\0b\x7f\n"sv) == "a_b__");
    CHECK(clean_name("a\\b") == "a/b");
    CHECK(clean_name("a\xff\xc3\xa4") == "a\xef\xbf\xbd\xc3\xa4");
    CHECK(clean_name("a b,c=d\"") == "a b,c=d\"");
    CHECK(clean_name(std::string(70'000, 'x')).size() == lxcmon::text::max_string_bytes);
}

TEST_CASE("a name is clean if cleaning does not change it, and always after cleaning") {
    const std::string long_name(70'000, 'x');
    for (const std::string_view name :
         {"my\001db"sv, "my_db"sv, ""sv, "a\\b"sv, "\xff"sv, "\xc3\xa4 ="sv, "\xed\xa0\x80"sv, "\xc2\x9bm"sv,
          "\xe2\x80\xae"sv, std::string_view(long_name), "a\0b"sv}) {
        CAPTURE(name);
        const std::string clean = clean_name(name);
        CHECK(is_clean(name) == (clean == name));
        CHECK(is_clean(clean));
        std::string buffer = "old";
        CHECK(clean_name(name, buffer) == clean);
        CHECK((buffer == "old") == is_clean(name));
    }
}
