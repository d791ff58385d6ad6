// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/name_globs.hpp"

#include <doctest/doctest.h>

using lxcmon::text::NameGlobs;

TEST_CASE("without globs the default decides") {
    CHECK(NameGlobs{}.wants("eth0", true));
    CHECK_FALSE(NameGlobs{}.wants("eth0", false));
}

TEST_CASE("include adds to the default, exclude takes precedence") {
    const NameGlobs globs{{"veth*", "lo"}, {"veth1?", "eth0"}};
    CHECK(globs.wants("veth2", false));
    CHECK(globs.wants("lo", false));
    CHECK_FALSE(globs.wants("dummy0", false));
    CHECK_FALSE(globs.wants("veth12", false));
    CHECK_FALSE(globs.wants("veth12", true));
    CHECK_FALSE(globs.wants("eth0", true));
    CHECK(globs.wants("eth1", true));
}

TEST_CASE("globs match the name that is shown") {
    const NameGlobs globs{{"veth_*"}, {"a_b", "caf\xef\xbf\xbd"}};
    CHECK(globs.wants("veth\x01x", false));
    CHECK_FALSE(globs.wants("a\x01"
                            "b",
                            true));
    CHECK_FALSE(globs.wants("caf\xe9", true));
    CHECK(NameGlobs{{"a\x01*"}, {}}.wants("a\x01"
                                          "b",
                                          false) == false);
    CHECK(NameGlobs{{}, {"a/b"}}.wants("a\\b", true) == false);
}
