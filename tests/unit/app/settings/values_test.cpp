// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/settings/values.hpp"

#include "model/field_table.hpp"

#include "support/temp_folder.hpp"
#include "text/bad_value.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <array>

using namespace lxcmon;
using namespace lxcmon::app;
using namespace std::chrono_literals;

namespace {

std::string wrong_tag(const std::string& text) {
    try {
        static_cast<void>(parse_tag(text));
    } catch (const text::BadValue& bad) {
        return bad.message;
    }
    return "accepted";
}

} // namespace

TEST_CASE("durations in each unit") {
    CHECK(parse_duration("10s") == 10s);
    CHECK(parse_duration("500ms") == 500ms);
    CHECK(parse_duration("1m") == 1min);
    CHECK(parse_duration("2h") == 2h);
    CHECK(parse_duration("1.5s") == 1500ms);
    CHECK(parse_duration("0.5ms") == 500us);
    CHECK(parse_duration("0s") == 0s);
    CHECK(parse_duration("7d") == 168h);
    CHECK(parse_duration("10S") == 10s);
}

TEST_CASE("a duration of several units, the larger ones first") {
    CHECK(parse_duration("1m30s") == 90s);
    CHECK(parse_duration("1d2h3m4s5ms") == 26h + 3min + 4s + 5ms);
    CHECK(parse_duration("1h0.5s") == 1h + 500ms);
    for (const char* text : {"1s1s", "30s1m", "1m30", "1m 30s", "1m-30s", "1m,30s", "1m30sx", "m30s"}) {
        CAPTURE(std::string(text));
        CHECK_THROWS_AS(static_cast<void>(parse_duration(text)), text::BadValue);
    }
}

TEST_CASE("a decimal duration is exact to the nanosecond") {
    CHECK(parse_duration("4.1s") == 4100ms);
    CHECK(parse_duration("2.01s") == 2010ms);
    CHECK(parse_duration("16.9s") == 16900ms);
    for (int tenths = 1; tenths < 1000; ++tenths)
        REQUIRE(parse_duration(std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + "s") ==
                tenths * 100ms);
}

TEST_CASE("an invalid duration is refused") {
    for (const char* text : {"", "10", "s", "-1s", "10 s", " 10s", "10s ", "10sec", "1w", "nans", "infs",
                             "1e999s", "1e12h", "0x10s", "10,5s", "1s1s"}) {
        CAPTURE(std::string(text));
        CHECK_THROWS_AS(static_cast<void>(parse_duration(text)), text::BadValue);
    }
}

TEST_CASE("sizes in each unit") {
    CHECK(parse_size("64MiB") == 67'108'864);
    CHECK(parse_size("512KiB") == 524'288);
    CHECK(parse_size("1GiB") == 1'073'741'824);
    CHECK(parse_size("10MB") == 10'000'000);
    CHECK(parse_size("2KB") == 2000);
    CHECK(parse_size("3GB") == 3'000'000'000);
    CHECK(parse_size("1.5KiB") == 1536);
    CHECK(parse_size("1") == 1);
    CHECK(parse_size("1000000B") == 1'000'000);
    CHECK(parse_size("2.01KB") == 2010);
}

TEST_CASE("a unit of a size may lack its iB, and be written in any case") {
    CHECK(parse_size("1G") == parse_size("1GiB"));
    CHECK(parse_size("64M") == parse_size("64MiB"));
    CHECK(parse_size("16k") == 16384);
    CHECK(parse_size("64mib") == parse_size("64MiB"));
    CHECK(parse_size("1gb") == 1'000'000'000);
}

TEST_CASE("a size below the least is refused, with the least") {
    CHECK(parse_size("16KiB", 16384) == 16384);
    for (const char* text : {"5", "16383", "15.9KiB"}) {
        CAPTURE(std::string(text));
        try {
            static_cast<void>(parse_size(text, 16384));
            FAIL("accepted");
        } catch (const text::BadValue& bad) {
            CHECK(bad.message == "is too small; expected at least 16KiB");
        }
    }
}

TEST_CASE("an invalid size is refused") {
    for (const char* text :
         {"", "0", "0.5", "-1", "MiB", "64 MiB", "64M1", "1G512M", "1e16", "nan", "inf", "64MiBs"}) {
        CAPTURE(std::string(text));
        CHECK_THROWS_AS(static_cast<void>(parse_size(text)), text::BadValue);
    }
}

TEST_CASE("counts within the limits are accepted, others refused") {
    CHECK(app::parse_count("1", 1, 5000) == 1);
    CHECK(app::parse_count("5000", 1, 5000) == 5000);
    for (const char* text : {"0", "5001", "", "-1", "+1", " 1", "1.0", "1e3", "18446744073709551617"}) {
        CAPTURE(std::string(text));
        CHECK_THROWS_AS(static_cast<void>(app::parse_count(text, 1, 5000)), text::BadValue);
    }
}

TEST_CASE("flags as words and numbers") {
    for (const char* text : {"true", "1", "yes", "on", "True", "YES", "On"})
        CHECK(parse_flag(text));
    for (const char* text : {"false", "0", "no", "off", "FALSE", "No"})
        CHECK_FALSE(parse_flag(text));
    for (const char* text : {"", "maybe", "TRUE ", "2"})
        CHECK_THROWS_AS(static_cast<void>(parse_flag(text)), text::BadValue);
}

TEST_CASE("a tag is split at its first equals sign") {
    // Two such keys could be one in line protocol.
    for (const std::string text : {"a\\b=c", "a\xff=c"})
        CHECK_THROWS_AS(static_cast<void>(parse_tag(text)), text::BadValue);
    CHECK(parse_tag("site=berlin") == std::pair<std::string, std::string>("site", "berlin"));
    CHECK(parse_tag("a=b\\c").second == "b\\c");
    CHECK(parse_tag("a=b=c") == std::pair<std::string, std::string>("a", "b=c"));
    CHECK(parse_tag("Host= x ") == std::pair<std::string, std::string>("Host", " x "));
}

TEST_CASE("no tag of a measurement can be set") {
    std::size_t tags = 0;
    for (const MeasurementInfo& measurement : measurement_table) {
        std::string rest(measurement.tags);
        while (!rest.empty()) {
            const std::string key = rest.substr(0, rest.find(", "));
            rest.erase(0, key.size() + 2);
            CHECK(wrong_tag(key + "=1").find("lxcmon-push uses the tag '" + key + "' itself") !=
                  std::string::npos);
            ++tags;
        }
    }
    CHECK(tags > 10);
}

TEST_CASE("a tag without key or value, with a control character or a reserved key is refused") {
    for (const char* text : {"", "=", "k", "k=", "=v"})
        CHECK(wrong_tag(text).find("expected key=value") != std::string::npos);
    for (const char* text : {"k\n=v", "k=v\x1b", "k=\x7f"})
        CHECK(wrong_tag(text).find("control character") != std::string::npos);
    for (const char* key : {"command", "container", "device", "fstype", "host", "interface", "lxcpath",
                            "mountpoint", "name", "resource", "size", "time"})
        CHECK(wrong_tag(std::string(key) + "=v").find("'" + std::string(key) + "'") != std::string::npos);
}

TEST_CASE("a secret is the first line of its file, without a byte order mark and blanks around it") {
    const test::TempFolder folder;
    const auto secret = [&](std::string_view text) {
        return read_secret(folder.write("secret", text), SecretCharacters::ascii);
    };
    CHECK(secret("secret") == "secret");
    CHECK(secret(" \twith blanks \t\nsecond") == "with blanks");
    CHECK(secret("dos\r\n") == "dos");
    CHECK(secret("\xEF\xBB\xBFnotepad\r\n") == "notepad");
    CHECK(secret("first\n\0\xff") == "first");
    CHECK(clean_secret(" \r\nof a variable\n", SecretCharacters::ascii) == "of a variable");
    CHECK(clean_secret("gr\u00fc\u00df", SecretCharacters::utf8) == "gr\u00fc\u00df");
}

TEST_CASE("a secret with other bytes is refused, with the place and without the secret") {
    const test::TempFolder folder;
    const auto refused = [&](std::string_view text, SecretCharacters allowed) {
        const std::string path = folder.write("secret", text);
        try {
            return "accepted " + read_secret(path, allowed);
        } catch (const text::BadValue& bad) {
            CHECK(bad.shown.empty());
            CHECK(bad.message.find("hunter") == std::string::npos);
            return bad.message;
        }
    };
    for (const std::string_view text :
         {std::string_view("hunter\0two", 10), std::string_view("hunter\x1b[31m"),
          std::string_view("hunter\rtwo"), std::string_view("hunter\x7f"), std::string_view("hunter\xff two"),
          std::string_view("hunter\ttwo")})
        for (const SecretCharacters allowed : {SecretCharacters::ascii, SecretCharacters::utf8})
            CHECK(refused(text, allowed).find("as byte 7 of the secret") != std::string::npos);
    CHECK(refused("hunter\u00fc", SecretCharacters::ascii).find("not ASCII, as byte 7") != std::string::npos);
    // UTF-16, as Windows writes it.
    CHECK(refused(std::string_view("\xff\xfeh\0u\0", 6), SecretCharacters::utf8).find("as byte 1") !=
          std::string::npos);
    for (const char* text : {"\u00a0hunter", "hunter\u00a0\n", " \u00a0"})
        for (const SecretCharacters allowed : {SecretCharacters::ascii, SecretCharacters::utf8})
            CHECK(refused(text, allowed).starts_with("has a no-break space (U+00A0) before or after it"));
    CHECK(refused("hunter\u00a0two", SecretCharacters::utf8).starts_with("accepted"));
    CHECK(refused(std::string(200'000, 'x'), SecretCharacters::utf8)
              .starts_with("is longer than 64 KiB; expected"));
    for (const std::string_view text : {"", "\n", " \t\r\n", "\nsecond line", "\xEF\xBB\xBF\n"})
        CHECK(refused(text, SecretCharacters::ascii).starts_with("is empty"));
}

TEST_CASE("one of a set of words, in any case, becomes the word of the set") {
    static constexpr std::array<std::string_view, 2> choices{"info", "warn"};
    CHECK(one_of("INFO", choices) == "info");
    CHECK(one_of("Warn", choices) == "warn");
    for (const char* text : {"", "inf", "information", "info "})
        CHECK_THROWS_AS(static_cast<void>(one_of(text, choices)), text::BadValue);
}

TEST_CASE("a pipe in place of a secret's file is refused, not waited for") {
    const test::TempFolder folder;
    REQUIRE(::mkfifo(folder.path("pipe").c_str(), 0600) == 0);
    CHECK_THROWS_AS(static_cast<void>(read_secret(folder.path("pipe"), SecretCharacters::ascii)),
                    text::BadValue);
}
