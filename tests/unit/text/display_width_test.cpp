// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/display_width.hpp"

#include <doctest/doctest.h>

using namespace lxcmon::text;

TEST_CASE("the width is that of a terminal, in columns") {
    use_utf8_locale();
    CHECK(display_width("") == 0);
    CHECK(display_width("web-1") == 5);
    CHECK(display_width("gr\xc3\xb6\xc3\x9f") == 4);
    CHECK(display_width("\xe6\xbc\xa2\xe5\xad\x97") == 4); // two wide characters
    CHECK(display_width("e\xcc\x81") == 1);                // a combining accent
}

TEST_CASE("what the C library does not know becomes a question mark, and what controls a terminal a line") {
    use_utf8_locale();
    CHECK(for_terminal("a\x1b[31m\n\xff") == "a_[31m__");
    CHECK(for_terminal("\xf3\xb0\x80\x81x\xcd\xb8") == "\xf3\xb0\x80\x81x?"); // of private use; not assigned
    CHECK(for_terminal("\xe6\xbc\xa2") == "\xe6\xbc\xa2");
    CHECK(for_terminal("we\xe2\x80\x8b"
                       "b") == "we?b"); // a space without width
    CHECK(for_terminal("\xe2\x80\x8b") == "?");
    CHECK(for_terminal("\xcc\x81") == "?"); // an accent on nothing
    CHECK(for_terminal("e\xcc\x81") == "e\xcc\x81");
    CHECK(for_terminal("").empty());
}

TEST_CASE("a text is cut by its width, never in a character") {
    use_utf8_locale();
    CHECK(cut_to_width("container", 9) == "container");
    CHECK(cut_to_width("container", 8) == "contain~");
    CHECK(cut_to_width("container", 1) == "~");
    CHECK(cut_to_width("container", 0).empty());
    // A wide character that does not fit whole.
    CHECK(cut_to_width("\xe6\xbc\xa2\xe5\xad\x97x", 5) == "\xe6\xbc\xa2\xe5\xad\x97x");
    CHECK(cut_to_width("\xe6\xbc\xa2\xe5\xad\x97x", 4) == "\xe6\xbc\xa2~");
    CHECK(cut_to_width("\xe6\xbc\xa2\xe5\xad\x97x", 3) == "\xe6\xbc\xa2~");
    CHECK(cut_to_width("\xe6\xbc\xa2\xe5\xad\x97x", 2) == "~");
}
