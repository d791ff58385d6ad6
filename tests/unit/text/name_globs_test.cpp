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
