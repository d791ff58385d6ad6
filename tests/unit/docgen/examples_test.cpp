// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/fixture.hpp"
#include "unit/push/parsed.hpp"

#include <doctest/doctest.h>

#include <filesystem>

using namespace lxcmon;
using lxcmon::test::Parser;

TEST_CASE("each example of settings is valid and has a server") {
    const Parser parser;
    std::size_t examples = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(LXCMON_SOURCE "/contrib/packaging/examples")) {
        CAPTURE(entry.path().string());
        push::Config config;
        CHECK_NOTHROW(config = parser.config({"--config", entry.path().string()}));
        CHECK_FALSE(config.destinations.influx_urls.empty());
        ++examples;
    }
    CHECK(examples >= 5);
}

TEST_CASE("the examples match their names") {
    const Parser parser;
    const auto config_of = [&](const std::string& name) {
        return parser.config({"--config", LXCMON_SOURCE "/contrib/packaging/examples/" + name + ".toml"});
    };
    CHECK(config_of("influx1").destinations.influx.http.user == "lxcmon");
    CHECK(config_of("influx2").destinations.influx.bucket == "lxc");
    CHECK(config_of("two-servers").destinations.influx_urls.size() == 2);
}
