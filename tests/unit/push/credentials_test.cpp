// SPDX-License-Identifier: GPL-2.0-or-later
// The token and the password that the service manager provides ($CREDENTIALS_DIRECTORY).
#include "unit/push/parsed.hpp"

#include <doctest/doctest.h>

#include <filesystem>

using namespace lxcmon;
using namespace lxcmon::push;
using lxcmon::test::has_all;
using lxcmon::test::Parser;
using lxcmon::test::Variables;

namespace {

/// The environment variables of a service with these credentials.
Variables service(const Parser& parser, const std::map<std::string, std::string>& credentials) {
    const std::string folder = parser.folder().path("credentials");
    std::filesystem::create_directory(folder);
    for (const auto& [name, text] : credentials)
        static_cast<void>(parser.folder().write("credentials/" + name, text));
    return {{"CREDENTIALS_DIRECTORY", folder}};
}

} // namespace

TEST_CASE("token and password are read from the credentials of the service, without the line end") {
    const Parser parser;
    const Variables variables = service(parser, {{"influx_password", "pass word\r\nmore\n"}});
    const Config config = parser.config({"--influx-user=u"}, variables);
    CHECK(config.destinations.influx.http.password == "pass word");
}

TEST_CASE("the command line, the settings file and INFLUX_TOKEN override the credential") {
    const Parser parser;
    const std::string other = parser.folder().write("other", "0ther\n");
    Variables variables = service(parser, {{"influx_token", "t0ken"}});
    CHECK(parser.config({"--influx-token-file", other}, variables).destinations.influx.token == "0ther");
    CHECK(parser.config_of_file("influx-token-file = \"" + other + "\"\n", {}, variables)
              .destinations.influx.token == "0ther");
    variables["INFLUX_TOKEN"] = "v4riable";
    CHECK(parser.config({}, variables).destinations.influx.token == "v4riable");
    variables["INFLUX_TOKEN"] = ""; // scripts may leave it empty
    CHECK(parser.config({}, variables).destinations.influx.token == "t0ken");
}

TEST_CASE("no token without credentials") {
    const Parser parser;
    CHECK(parser.config({}, service(parser, {{"token", "x"}})).destinations.influx.token.empty());
    CHECK(parser.config({}, {{"CREDENTIALS_DIRECTORY", "/nonexistent"}}).destinations.influx.token.empty());
    CHECK(Parser().config({}, {{"CREDENTIALS_DIRECTORY", ""}}).destinations.influx.token.empty());
}

TEST_CASE("a command outside the service reads the credentials folder next to the settings file") {
    const Parser parser;
    std::filesystem::create_directory(parser.folder().path("credentials"));
    static_cast<void>(parser.folder().write("credentials/token", "t0ken\n"));
    CHECK(parser.config_of_file("", {}, {}).destinations.influx.token == "t0ken");
    CHECK(parser.config_of_file("", {}, {{"CREDENTIALS_DIRECTORY", "/nonexistent"}})
              .destinations.influx.token.empty());
    CHECK(parser.config({"--config=/dev/null"}, {}).destinations.influx.token.empty());
    // The same file with a relative path.
    const std::string relative = std::filesystem::relative(parser.folder().path("settings.toml")).string();
    CHECK(parser.config({"--config=" + relative}, {}).destinations.influx.token.empty());
}

TEST_CASE("the error about an empty or unreadable credential names its path and the expected content") {
    const Parser parser;
    const Variables variables = service(parser, {{"influx_token", "\n"}});
    const std::string path = parser.folder().path("credentials/influx_token");
    CHECK(has_all(parser.error({}, variables), {"--influx-token-file (credential): '" + path,
                                                "is empty; expected a file with the secret"}));
    std::filesystem::remove(path);
    std::filesystem::create_directory(path);
    CHECK(has_all(parser.error({}, variables),
                  {"--influx-token-file (credential): '" + path, "can't be read: "}));
}
