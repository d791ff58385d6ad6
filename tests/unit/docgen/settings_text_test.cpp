// SPDX-License-Identifier: GPL-2.0-or-later
#include "docgen/blocks.hpp"
#include "docgen/template.hpp"
#include "push/option_table.hpp"
#include "support/fixture.hpp"
#include "unit/push/parsed.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

using namespace lxcmon;
using namespace lxcmon::docgen;
using lxcmon::test::Arguments;
using lxcmon::test::Parser;

namespace {

std::string shipped() {
    return fill(test::text_of_file(LXCMON_SOURCE "/contrib/packaging/lxcmon-push.toml.in"));
}

/// The files that the examples refer to, in a temporary folder.
class Files {
  public:
    Files() {
        const std::string pem = "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n";
        for (const char* const name : {"ca.pem", "client.pem", "client.key"})
            parser.folder().write(name, pem);
        for (const char* const name : {"token", "password"})
            parser.folder().write(name, "secret\n");
    }

    /// The line of an option without its #, with paths in the temporary folder.
    [[nodiscard]] std::string line_of(const push::OptionRow& row) const {
        std::string line = settings_line(row);
        const std::string begin = "\"/etc/lxcmon/";
        if (const auto at = line.find(begin); at != std::string::npos)
            line.replace(at, begin.size(), '"' + parser.folder().path(""));
        return line + "\n";
    }

    Parser parser;
};

bool has_literal_default(const push::OptionRow& row) {
    return !row.command_line_only && row.default_value.example.empty();
}

} // namespace

TEST_CASE("the settings file has a line for each option, except those for a single run, which it names") {
    const std::string text = shipped();
    for (const push::OptionRow& row : push::option_table()) {
        CAPTURE(std::string(row.name));
        if (row.command_line_only)
            CHECK(text.find("--" + std::string(row.name)) != std::string::npos);
        else
            CHECK(text.find("\n#" + settings_line(row) + "\n") != std::string::npos);
    }
}

TEST_CASE("the shipped settings file changes nothing and fits a terminal") {
    const Parser parser;
    push::Config config = parser.config_of_file(shipped());
    const push::Config standard = parser.config({});
    config.config_file = standard.config_file;
    CHECK(config == standard);
    std::istringstream lines(shipped());
    for (std::string line; std::getline(lines, line);) {
        CAPTURE(line);
        CHECK(line.size() <= 80);
        CHECK((line.empty() || line.front() == '#'));
    }
}

TEST_CASE("the defaults in the settings file are those of the program") {
    const Parser parser;
    push::Config standard = parser.config({});
    for (const push::OptionRow& row : push::option_table()) {
        if (!has_literal_default(row))
            continue;
        CAPTURE(std::string(row.name));
        push::Config config = parser.config_of_file(settings_line(row) + "\n");
        config.config_file = standard.config_file;
        CHECK(config == standard);
    }
}

TEST_CASE("each example in the settings file is valid and differs from the default") {
    const Files files;
    // Some options require these two.
    const Arguments beside{"--influx-user=u", "--tls-cert=" + files.parser.folder().path("client.pem")};
    for (const push::OptionRow& row : push::option_table()) {
        if (has_literal_default(row) || row.command_line_only)
            continue;
        const std::string line = files.line_of(row);
        CAPTURE(line);
        // Nor has a request both a user and a token.
        const bool is_beside =
            row.name == "influx-user" || row.name == "tls-cert" || row.name == "influx-token-file";
        const Arguments with = is_beside ? Arguments{} : beside;
        push::Config standard = files.parser.config(with);
        push::Config config;
        CHECK_NOTHROW(config = files.parser.config_of_file(line, with));
        config.config_file = standard.config_file;
        CHECK_FALSE(config == standard);
    }
}

TEST_CASE("all lines of the settings file together are valid, except those of InfluxDB 1 alone") {
    const Files files;
    std::string text;
    for (const push::OptionRow& row : push::option_table())
        if (!row.command_line_only && row.name != "influx-rp" && row.name != "influx-user" &&
            row.name != "influx-password-file") // influx-bucket selects 2.x, which has a token
            text += files.line_of(row);
    push::Config config;
    CHECK_NOTHROW(config = files.parser.config_of_file(text));
    CHECK(config.destinations.influx_urls.size() == 1);
    CHECK(config.destinations.influx.token == "secret");
    CHECK(config.collect.sample.tags.user.size() == 1);
}
