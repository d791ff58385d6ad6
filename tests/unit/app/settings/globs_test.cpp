// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/settings/globs.hpp"

#include "text/bad_value.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace lxcmon::app;

namespace {

using Parser = std::string (*)(const std::string&);
constexpr std::array<Parser, 4> all_kinds{&container_glob, &interface_glob, &device_glob, &filesystem_glob};

std::string refusal(Parser parse, const std::string& text) {
    try {
        const std::string taken = parse(text); // CHECK() would take the exception
        CHECK(taken == text);
    } catch (const lxcmon::text::BadValue& bad) {
        return bad.message;
    }
    return "accepted";
}

} // namespace

TEST_CASE("a glob that can match a name is accepted") {
    for (const Parser parse : all_kinds)
        for (const char* text :
             {"*", "web*", "a?c", "[a-z]x", "[!]x]", "[]]", "[^a]", "x[[:digit:]]", "[[:alpha:]_]*",
              "eth[0,1]", "[,]", "a\\,b", "\\[x", "[\\]]", "a]", "caf\xc3\xa9", "!x"})
            CHECK(refusal(parse, text) == "accepted");
    CHECK(refusal(&device_glob, "cciss/*") == "accepted");
    for (const char* text : {"/", "/mnt/backup*", "/mnt/my disk", "fuse.*"})
        CHECK(refusal(&filesystem_glob, text) == "accepted");
}

TEST_CASE("a comma or a blank is refused: two options were meant") {
    const std::string repeat =
        "; expected one glob, for example eth*: give the option once for each (a list in a "
        "settings file), and write ? for ";
    CHECK(refusal(&interface_glob, "eth0,eth1") == "has a comma" + repeat + "a comma in a name");
    CHECK(refusal(&interface_glob, "eth0 eth1") == "has a blank" + repeat + "a blank in a name");
    for (const Parser parse : all_kinds) {
        for (const char* text : {"a,b", ",", "a,", "a, b", "a[0-9],b[0-9]", "\\[a,b]"})
            CHECK(refusal(parse, text).starts_with("has a comma; expected one glob"));
        CHECK(refusal(parse, "a b").starts_with("has a blank; expected one glob"));
        for (const char* text : {" a", "a ", "\ta", "a\n", " "})
            CHECK(refusal(parse, text).starts_with("has a blank before or after it; expected one glob"));
        CHECK(refusal(parse, "a\x01").starts_with("has a control character; expected one glob"));
        CHECK(refusal(parse, "").starts_with("is empty; expected one glob, for example "));
    }
    CHECK(refusal(&filesystem_glob, "/mnt/a,/mnt/b").starts_with("has a comma"));
    CHECK(refusal(&filesystem_glob, "/mnt/a /mnt/b").starts_with("has a blank; expected"));
    CHECK(refusal(&filesystem_glob, "/mnt/a ").starts_with("has a blank before or after it"));
}

TEST_CASE("a set or an escape without its end is refused") {
    for (const Parser parse : all_kinds) {
        for (const char* text :
             {"[", "eth[0-9", "[]", "[!]", "[^]", "a[[:digit:]", "[[:digit", "[\\]", "[a]["})
            CHECK(refusal(parse, text).starts_with("has a [ without its ]; expected a set"));
        for (const char* text : {"\\", "a\\", "[a]\\\\\\"})
            CHECK(refusal(parse, text).starts_with("ends in a backslash; expected a character"));
    }
}

TEST_CASE("a slash is refused if no name of this kind has one there") {
    CHECK(refusal(&container_glob, "/var/lib/lxc/web").find("--lxcpath") != std::string::npos);
    CHECK(refusal(&interface_glob, "net/eth0")
              .starts_with("has a slash, and no interface's name has one; expected"));
    CHECK(refusal(&device_glob, "/dev/sda").starts_with("begins with a slash; expected"));
    CHECK(refusal(&filesystem_glob, "/mnt/") ==
          "ends in a slash, and no mount point does; expected /mnt for the "
          "mount point, or /mnt/* for all below it");
    CHECK(refusal(&filesystem_glob, "*/backup").find("of a mount point, which begins with a slash") !=
          std::string::npos);
}
