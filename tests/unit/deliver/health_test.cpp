// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/health.hpp"

#include "support/log_capture.hpp"

#include <doctest/doctest.h>

using namespace lxcmon;
using namespace lxcmon::deliver;

TEST_CASE("the log about refused lines has the right number and claims nothing of the others") {
    test::LogCapture log;
    for (const std::size_t lines : {std::size_t{1}, std::size_t{2}}) {
        Health health("fake", "");
        health.rejected(lines, "reason");
        health.rejected(1, "reason");
        CHECK(log.take() == "warning fake refuses " + std::string(lines == 1 ? "1 line" : "2 lines") +
                                " permanently: reason\n");
    }
}

TEST_CASE("the log about a delivery that works again has the right numbers") {
    test::LogCapture log;
    Health health("fake", "kept");
    Verdict verdict;
    verdict.outcome = Outcome::retry;
    verdict.message = "down";
    health.failing(verdict);
    health.delivered(1);
    CHECK(log.take() == "warning delivery to fake fails: down; kept\n"
                        "info delivery to fake works again after 1 failed try in 0 s; 1 line delivered\n");
}
