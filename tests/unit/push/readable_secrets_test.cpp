// SPDX-License-Identifier: GPL-2.0-or-later
// Files with secrets that other users can read are refused, unless --allow-readable-secrets is set.
#include "unit/push/parsed.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

using namespace lxcmon;
using namespace lxcmon::push;
using lxcmon::test::Arguments;
using lxcmon::test::has_all;
using lxcmon::test::Parser;

namespace {

constexpr const char* key_text = "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n";

/// The parser's folder can be entered by all users.
struct Readable {
    Parser parser;

    Readable() { set("", 0755); }
    void set(const std::string& name, unsigned mode) const {
        REQUIRE(::chmod(parser.folder().path(name).c_str(), mode) == 0);
    }
    [[nodiscard]] std::string write(const std::string& name, std::string_view text, unsigned mode) const {
        std::string path = parser.folder().write(name, text);
        set(name, mode);
        return path;
    }
};

} // namespace

TEST_CASE_FIXTURE(Readable, "a file of a token, a password or a key that all users can read is refused") {
    const std::string secret = write("secret", key_text, 0644);
    for (const Arguments& arguments :
         {Arguments{"--influx-token-file=" + secret},
          Arguments{"--influx-user=u", "--influx-password-file=" + secret}, Arguments{"--tls-cert=" + secret},
          Arguments{"--tls-cert=" + secret, "--tls-key=" + secret}}) {
        const std::string option = arguments.back().substr(0, arguments.back().find('='));
        set("secret", 0644);
        CHECK(has_all(parser.error(arguments),
                      {option + ": '" + secret + "', which holds a secret, can be read by all users",
                       "run: chmod 600 " + secret + " (--allow-readable-secrets accepts it)"}));
        Arguments allowed = arguments;
        allowed.emplace_back("--allow-readable-secrets");
        CHECK(parser.error(allowed) == "no error");
        CHECK(parser.error(arguments).find("PRIVATE") == std::string::npos);
        set("secret", 0640);
        CHECK(parser.error(arguments) == "no error");
    }
}

TEST_CASE_FIXTURE(Readable, "a settings file with a header in it, also in conf.d") {
    constexpr const char* header = "influx-header = 'X-Key: s3cret'\n";
    const auto error = [&](const Arguments& more = {}) {
        Arguments arguments{"--config=" + parser.folder().path("main.toml")};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return parser.error(arguments);
    };
    const std::string main = write("main.toml", header, 0644);
    CHECK(has_all(error(),
                  {"--influx-header: '" + main + "', which holds a secret, can be read by all users"}));
    CHECK(error().find("s3cret") == std::string::npos);
    CHECK(error({"--influx-header=X-Key: other"}) == "no error"); // the file's header is not used
    static_cast<void>(write("main.toml", std::string(header) + "allow-readable-secrets = true\n", 0644));
    CHECK(error() == "no error");
    static_cast<void>(write("main.toml", "host = 'h'\n", 0644));
    CHECK(error() == "no error");
    REQUIRE(::mkdir(parser.folder().path("conf.d").c_str(), 0755) == 0);
    const std::string more = write("conf.d/a.toml", header, 0644);
    CHECK(has_all(error(), {"'" + more + "', which holds a secret"}));
    set("conf.d/a.toml", 0640);
    CHECK(error() == "no error");
    set("conf.d/a.toml", 0644);
    set("conf.d", 0700);
    CHECK(error() == "no error");
}

TEST_CASE_FIXTURE(Readable, "credentials: of the service, and beside the settings file") {
    REQUIRE(::mkdir(parser.folder().path("credentials").c_str(), 0755) == 0);
    static_cast<void>(write("credentials/influx_token", "t0ken\n", 0644));
    static_cast<void>(write("credentials/token", "t0ken\n", 0644));
    const auto error = [&](const test::Variables& variables) {
        return parser.error({"--config=" + parser.folder().write("settings.toml", "")}, variables);
    };
    const test::Variables service{{"CREDENTIALS_DIRECTORY", parser.folder().path("credentials")}};
    CHECK(has_all(error(service),
                  {"--influx-token-file (credential): '", "influx_token', which holds a secret"}));
    CHECK(has_all(error({}), {"--influx-token-file (credential): '", "/token', which holds a secret"}));
    set("credentials", 0500); // as systemd makes it
    CHECK(error(service) == "no error");
    CHECK(error({}) == "no error");
    set("credentials", 0700); // else the owner could not remove its files
    // A variable holds the secret itself, and its text is no file's name.
    CHECK(error({{"INFLUX_TOKEN", parser.folder().path("credentials/token")}}) == "no error");
}

TEST_CASE_FIXTURE(Readable, "with sudo, the caller may own the secrets that it names" *
                                doctest::test_suite("needs root")) {
    constexpr uid_t caller = 1234;
    const auto write_own = [&](const std::string& name, std::string_view text) {
        std::string path = write(name, text, 0600);
        REQUIRE(::chown(path.c_str(), caller, caller) == 0);
        return path;
    };
    const std::string token = write_own("token", "t0ken\n");
    const std::string settings = write_own("settings.toml", "influx-token-file = '" + token + "'\n");
    const std::string header = write_own("header.toml", "influx-header = 'X-Key: s3cret'\n");
    for (const std::string& argument :
         {"--influx-token-file=" + token, "--config=" + settings, "--config=" + header}) {
        CHECK(parser.error({argument}, {{"SUDO_UID", "1234"}}) == "no error");
        CHECK(parser.error({argument}, {{"SUDO_UID", "1235"}}).find("belongs to the user 1234") !=
              std::string::npos);
    }
    set("token", 0604);
    CHECK(parser.error({"--influx-token-file=" + token}, {{"SUDO_UID", "1234"}})
              .find("can be read by all users") != std::string::npos);
}
