// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/container_entry.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <utility>
#include <vector>

using namespace lxcmon::discover;

TEST_CASE("a container that is not answered is asked less and less often, up to once in 32 s") {
    constexpr std::int64_t msec = 1'000'000;
    ContainerEntry entry(1, "/lxc", "web");
    std::vector<std::int64_t> asked_msec;
    for (std::int64_t now = 0; now < 150'000; now += 100) {
        if (!entry.must_ask(0, now * msec))
            continue;
        asked_msec.push_back(now);
        LxcAnswer answer;
        answer.trouble = LxcTrouble::broken;
        answer.fault = "it hangs";
        CHECK_FALSE(entry.take(std::move(answer), now * msec));
    }
    CHECK(asked_msec ==
          std::vector<std::int64_t>{0, 500, 1'500, 3'500, 7'500, 15'500, 31'500, 63'500, 95'500, 127'500});
}
