// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/printable.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace lxcmon::text;

TEST_CASE("printable text") {
    CHECK(printable("plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80") ==
          "plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
    CHECK(printable(std::string("a\0b\n\x1b\x7f", 6)) == "a_b___");
    CHECK(printable("a\n\xff", 300, ' ') == "a _");
    CHECK(printable("\xc2\x9b[31m") == "__[31m"); // C1's CSI
    CHECK(printable("a\xe2\x80\xae"
                    "b\xe2\x81\xa9") == "a___b___"); // U+202E, U+2069
    CHECK(printable("\xff\xc0\x80\xed\xa0\x80\xc3") == "_______");
    CHECK(printable("ab\xc3\xa9", 3) == "ab...");
}

TEST_CASE("credentials are hidden up to the last @") {
    CHECK(hide_credentials("http://h:8086/x") == "http://h:8086/x");
    CHECK(hide_credentials("http://u:p@ss/w@h:1") == "http://***@h:1");
    CHECK(hide_credentials("u:p@h") == "***@h");
    CHECK(hide_credentials("Unsupported proxy syntax in 'u:p@h': Bad") ==
          "Unsupported proxy syntax in '***@h': Bad");
    CHECK(hide_credentials("Unsupported proxy scheme for 'x://u:p@h'") ==
          "Unsupported proxy scheme for 'x://***@h'");
    CHECK(hide_credentials("@") == "***@");
}

TEST_CASE("short secrets are left alone, others go wherever they stand") {
    const std::vector<std::string> secrets{"", "abc", "swordfish"};
    CHECK(redacted("abc swordfish,swordfish", secrets) == "abc ***,***");
}

TEST_CASE("escaped text shows every byte that printable text replaces") {
    CHECK(escaped("plain \xc3\xa9 a_b") == "plain \xc3\xa9 a_b");
    CHECK(escaped(std::string("a\0b\n\x1b\x7f\xff", 7)) == "a\\x00b\\x0a\\x1b\\x7f\\xff");
    CHECK(escaped("\xc2\x9b\xe2\x80\xae") == "\\xc2\\x9b\\xe2\\x80\\xae"); // C1's CSI, a mark of direction
    CHECK(escaped("a\\x01") == "a\\\\x01");
    CHECK(escaped("ab\x01", 5) == "ab...");
    CHECK(escaped("ab\x01", 6) == "ab\\x01");
    CHECK(escaped("").empty());
}
