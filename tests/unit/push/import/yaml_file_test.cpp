// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/import/yaml_file.hpp"

#include "app/settings/bad_setting.hpp"
#include "unit/push/parsed.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace lxcmon;
using namespace lxcmon::push;
using lxcmon::test::has_all;

namespace {

std::string yaml_error(const std::string& text) {
    try {
        static_cast<void>(read_yaml(text, "f.yaml"));
    } catch (const app::BadSetting& error) {
        return error.what();
    }
    return "taken";
}

std::string repeated(const std::string& text, std::size_t count) {
    std::string all;
    while (count-- > 0)
        all += text;
    return all;
}

} // namespace

TEST_CASE("settings have a section, a key, values and a line") {
    const auto settings =
        read_yaml("# c\na:\n  k: 'v w'  # c\n  l: [x, \"y\"]\n  n:\nb: {k: 5}\nempty:\n", "f.yaml");
    REQUIRE(settings.size() == 4);
    CHECK(settings[0].section == "a");
    CHECK(settings[0].key == "k");
    CHECK(settings[0].values == std::vector<std::string>{"v w"});
    CHECK(settings[0].line == 3);
    CHECK_FALSE(settings[0].is_list);
    CHECK(settings[1].is_list);
    CHECK(settings[1].values == std::vector<std::string>{"x", "y"});
    CHECK(settings[2].values == std::vector<std::string>{""});
    CHECK(settings[3].section == "b");
    CHECK(settings[3].line == 6);
    CHECK(read_yaml("", "f.yaml").empty());
}

TEST_CASE("any other form is refused with its line") {
    CHECK(has_all(yaml_error("a:\n  k: {x: 1}\n"), {"f.yaml:2: a map;"}));
    CHECK(has_all(yaml_error("a:\n  k: [[x]]\n"), {"f.yaml:2: a list;"}));
    CHECK(has_all(yaml_error("- a\n"), {"f.yaml:1: a list;"}));
    CHECK(has_all(yaml_error("k: v\n"), {"f.yaml:1: 'v';"}));
    CHECK(has_all(yaml_error("text\n"), {"f.yaml:1: 'text';"}));
    CHECK(has_all(yaml_error("a:\n  [x]: 1\n"), {"f.yaml:2: a list;"}));
    CHECK(has_all(yaml_error("a:\n  k: 1\n  k: 2\n"), {"f.yaml:3: 'a.k' is there twice, also in line 2"}));
    CHECK(has_all(yaml_error("a:\n  k: 1\n---\nb:\n  k: 1\n"), {"f.yaml:3: a second document;"}));
    CHECK(has_all(yaml_error("a:\n  k: \"\\q\"\n"), {"f.yaml:2: no YAML: "}));
}

TEST_CASE("invalid UTF-8 and NUL are refused with their line, as settings files have none") {
    CHECK(yaml_error("a:\n  k: \"x\\0\"\n") == "lxcmon-push: f.yaml:2: a NUL character; expected text");
    CHECK(yaml_error("a:\n  k: 'x\xff'\n") ==
          "lxcmon-push: f.yaml:2: invalid UTF-8; expected a file in UTF-8");
    CHECK(read_yaml("a:\n  k: '\u00e4'\n", "f.yaml").size() == 1);
}

TEST_CASE("a hostile file costs no more than another one") {
    CHECK(has_all(yaml_error("a: &x\n  k: 1\n"), {"f.yaml:1: an anchor;"}));
    CHECK(has_all(yaml_error("a:\n  k: &x 1\n  l: *x\n"), {"f.yaml:2: an anchor;"}));
    CHECK(has_all(yaml_error("a:\n  k: *x\n"), {"f.yaml:2: "}));
    CHECK(has_all(yaml_error(repeated("[", 60'000)), {"f.yaml:1: a list;"}));
    CHECK(has_all(yaml_error("a:\n  k: " + repeated("{x: ", 10'000)), {"f.yaml:2: "}));
    CHECK(has_all(yaml_error(repeated("? ", 30'000)), {"f.yaml:1: "}));
    CHECK(has_all(yaml_error("a:\n  k: x" + repeated(" ", 70'000)), {"longer than 64 KiB"}));
}
