// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/guard/fault.hpp"

#include "support/encoded.hpp"
#include "support/log_capture.hpp"

#include <doctest/doctest.h>

using lxcmon::sample::Fault;

TEST_CASE("a fault is logged when it begins and when its kind changes, not for another number in it") {
    lxcmon::test::LogCapture log;
    Fault fault;
    fault.set("container web", "reading /proc/17/stat: no such file");
    CHECK(lxcmon::test::count_of(log.take(), "container web: reading /proc/17/stat") == 1);
    fault.set("container web", "reading /proc/4711/stat: no such file");
    CHECK(log.take().empty());
    fault.set("container web", "reading /proc/17/io: no such file");
    CHECK_FALSE(log.take().empty());
    fault.set("container web", "");
    CHECK(fault.is_none());
}
