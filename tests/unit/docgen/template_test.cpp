// SPDX-License-Identifier: GPL-2.0-or-later
#include "docgen/template.hpp"

#include "docgen/blocks.hpp"
#include "push/option_table.hpp"
#include "support/fixture.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <initializer_list>
#include <stdexcept>
#include <string>

using namespace lxcmon;
using namespace lxcmon::docgen;
using docgen::fill;

TEST_CASE("the tables in the documents are up to date (ninja docs renews them)") {
    const auto check_document = [](const std::string& document, std::initializer_list<std::string> tables) {
        CAPTURE(document);
        const std::string text = test::text_of_file(LXCMON_SOURCE "/docs/" + document);
        CHECK(fill(text) == text);
        for (const std::string& name : tables)
            CHECK(text.find("<!-- " + name + " -->\n| ") != std::string::npos);
    };
    check_document("options.md", {"commands", "options"});
    check_document("measurements.md", {"fields"});
}

TEST_CASE("each row of a Markdown table has the columns of its header") {
    const std::string markdown = markdown_options();
    std::size_t rows = 0;
    for (std::size_t at = 0; at < markdown.size(); ++rows) {
        const std::size_t end = markdown.find('\n', at);
        const std::string row = markdown.substr(at, end - at);
        CAPTURE(row);
        CHECK(std::count(row.begin(), row.end(), '|') == 5);
        at = end + 1;
    }
    CHECK(rows == push::option_table().size() + 2);
}

TEST_CASE("a placeholder within a line, and one that is the whole line") {
    CHECK(fill("a @version@ b") == "a " LXCMON_VERSION " b");
    CHECK(fill("x@commands-by-bar@") == "xlist|top|fields|check|replay|import-config");
    const std::string filled = fill("begin\n@zsh-commands@\nend\n");
    CHECK(filled.starts_with("begin\n    'list:Show "));
    CHECK(filled.ends_with("'\nend\n"));
    CHECK(filled.find("\n\n") == std::string::npos);
}

TEST_CASE("text that is not a placeholder stays unchanged") {
    CHECK(fill("user@host.example, @, \"${a[@]}\" and @Upper@") ==
          "user@host.example, @, \"${a[@]}\" and @Upper@");
    CHECK(fill("<!-- a comment -->\n") == "<!-- a comment -->\n");
}

TEST_CASE("an unknown name and a block without an end are refused") {
    CHECK_THROWS_AS(static_cast<void>(fill("@no-such-thing@")), std::runtime_error);
    CHECK_THROWS_AS(static_cast<void>(fill("<!-- options -->\n| a |\n")), std::runtime_error);
}

TEST_CASE("the man page contains each option with its variables, and special characters are escaped") {
    const std::string page = man_options();
    for (const push::OptionRow& row : push::option_table()) {
        CAPTURE(std::string(row.name));
        CHECK(page.find("*--" + std::string(row.name) + "*") != std::string::npos);
    }
    CHECK(page.find("*--fs-include* _GLOB_\n\t") != std::string::npos);
    CHECK(page.find("(host\\_\\*)") != std::string::npos);
    CHECK(page.find("Environment: LXCMON\\_INFLUX\\_URL, INFLUX\\_URL.\n") != std::string::npos);
}
