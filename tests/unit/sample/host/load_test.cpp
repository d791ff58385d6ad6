// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/encoded.hpp"

#include "sample/host/load.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace lxcmon;

namespace {

std::string load_fields(std::string_view loadavg) {
    Readings readings;
    sample::parse_host_load(loadavg, readings);
    PointBuffer points;
    readings.emit(fields_of("host_load"), {}, {}, 1, points);
    return test::encoded(points);
}

} // namespace

TEST_CASE("the host's load") {
    CHECK(load_fields("3.79 1.12 0.83 8/124 13198\n") ==
          "host_load load1=3.79,load5=1.12,load15=0.83,running=8i,threads=124i 1\n");
    CHECK(load_fields("12345.00 0.00 0.00 1/70000 1\n") ==
          "host_load load1=12345,load5=0,load15=0,running=1i,threads=70000i 1\n");
}

TEST_CASE("an incomplete or malformed load gives nothing") {
    for (const std::string none :
         {"", "\n", "3.79 1.12 0.83 8/124 13198", "3.79 1.12 0.83 8/124\n", "3.79 1.12 0.83 8 13198\n",
          "3.79 1.12 8/124 13198\n", "nan 1.12 0.83 8/124 13198\n", "-1.00 1.12 0.83 8/124 13198\n",
          "3.79 1.12 0.83 -8/124 13198\n", "3.79 1.12 0.83 8/x 13198\n"}) {
        CAPTURE(none);
        CHECK(load_fields(none).empty());
    }
}
