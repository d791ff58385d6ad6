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

/// Where the examples have their files: in a folder of the test's own.
class Files {
  public:
    Files() {
        const std::string pem = "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n";
        for (const char* const name : {"ca.pem", "client.pem", "client.key"})
            parser.folder().write(name, pem);
        for (const char* const name : {"token", "password"})
            parser.folder().write(name, "secret\n");
    }

    /// The line that the file has for an option, without its #, its files in the test's folder.
    [[nodiscard]] std::string line_of(const push::OptionRow& row) const {
        std::string line = settings_line(row);
        const std::string begin = "\"/etc/lxcmon/";
        if (const auto at = line.find(begin); at != std::string::npos)
            line.replace(at, begin.size(), '"' + parser.folder().path(""));
        return line + "\n";
    }

    Parser parser;
};

bool has_standing_default(const push::OptionRow& row) {
    return !row.command_line_only && row.default_value.example.empty();
}

} // namespace

TEST_CASE("the settings file has a line for each option but those of a single run, which it names") {
    const std::string text = shipped();
    for (const push::OptionRow& row : push::option_table()) {
        CAPTURE(std::string(row.name));
        if (row.command_line_only)
            CHECK(text.find("--" + std::string(row.name)) != std::string::npos);
        else
            CHECK(text.find("\n#" + settings_line(row) + "\n") != std::string::npos);
    }
}

TEST_CASE("the settings file as it is shipped changes nothing, and fits a terminal") {
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

TEST_CASE("a default of the settings file is the default") {
    const Parser parser;
    push::Config standard = parser.config({});
    for (const push::OptionRow& row : push::option_table()) {
        if (!has_standing_default(row))
            continue;
        CAPTURE(std::string(row.name));
        push::Config config = parser.config_of_file(settings_line(row) + "\n");
        config.config_file = standard.config_file;
        CHECK(config == standard);
    }
}

TEST_CASE("each example of the settings file is taken, and is another thing than the default") {
    const Files files;
    // What some of them need beside them; these themselves are not compared.
    const Arguments beside{"--influx-user=u", "--tls-cert=" + files.parser.folder().path("client.pem")};
    for (const push::OptionRow& row : push::option_table()) {
        if (has_standing_default(row) || row.command_line_only)
            continue;
        const std::string line = files.line_of(row);
        CAPTURE(line);
        const bool is_beside = row.name == "influx-user" || row.name == "tls-cert";
        const Arguments with = is_beside ? Arguments{} : beside;
        push::Config standard = files.parser.config(with);
        push::Config config;
        CHECK_NOTHROW(config = files.parser.config_of_file(line, with));
        config.config_file = standard.config_file;
        CHECK_FALSE(config == standard);
    }
}

TEST_CASE("all lines of the settings file together are taken, but for those that exclude each other") {
    const Files files;
    std::string text;
    for (const push::OptionRow& row : push::option_table())
        if (!row.command_line_only && row.name != "influx-rp") // of 1.x, where buckets are 2.x's
            text += files.line_of(row);
    push::Config config;
    CHECK_NOTHROW(config = files.parser.config_of_file(text));
    CHECK(config.destinations.influx_urls.size() == 1);
    CHECK(config.destinations.influx.password + config.destinations.influx.token == "secretsecret");
    CHECK(config.collect.sample.tags.user.size() == 1);
}
