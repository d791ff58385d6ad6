// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/table.hpp"

#include <doctest/doctest.h>

using lxcmon::text::aligned;

TEST_CASE("columns are aligned, to the right where it is wanted") {
    CHECK(aligned({{"name", "size"}, {"a", "1"}, {"longer", "100"}}, {false, true}) == "name    size\n"
                                                                                       "a          1\n"
                                                                                       "longer   100\n");
    CHECK(aligned({{"one"}, {""}}) == "one\n\n");
    CHECK(aligned({}).empty());
}

TEST_CASE("the escapes of a cell are shown as they are") {
    CHECK(aligned({{"name"}, {"a\\x1bb\\n"}}) == "name\na\\x1bb\\n\n");
}
