// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/top/view.hpp"
#include "push/top/view_text.hpp"
#include "text/display_width.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace lxcmon::push;

namespace {

Overview with(std::initializer_list<const char*> names) {
    Overview overview;
    for (const char* name : names) {
        Figures figures;
        figures.name = name;
        figures.lxcpath = "/var/lib/lxc";
        figures.state = "RUNNING";
        figures.init_pid = 1;
        overview.containers.push_back(figures);
    }
    return overview;
}

View view_of(std::initializer_list<const char*> names) {
    lxcmon::text::use_utf8_locale();
    View view(ViewSettings{});
    view.show(with(names));
    return view;
}

/// The first words of the lines below the titles, and a star after the selected one.
std::string rows_of(View& view, ScreenSize size = {24, 80}) {
    std::string names;
    bool is_row = false;
    for (const ScreenLine& line : view.draw(size, "top")) {
        if (is_row && !line.text.empty() && line.style != LineStyle::hint)
            names +=
                line.text.substr(0, line.text.find(' ')) + (line.style == LineStyle::selected ? "* " : " ");
        is_row = is_row || line.text.starts_with("NAME");
    }
    return names;
}

void type(View& view, std::u32string_view text) {
    for (const char32_t c : text)
        CHECK(view.press({Key::Kind::character, c}));
}

bool press(View& view, Key::Kind kind) {
    return view.press({kind});
}

} // namespace

TEST_CASE("a filter is typed, mended, kept and removed") {
    View view = view_of({"web1", "web2", "db"});
    type(view, U"/wx");
    CHECK(rows_of(view).starts_with("No "));
    CHECK(press(view, Key::Kind::backspace));
    CHECK(rows_of(view) == "web1 web2 ");
    type(view, U"q?"); // text here, and no command
    CHECK(press(view, Key::Kind::backspace));
    CHECK(press(view, Key::Kind::backspace));
    CHECK(press(view, Key::Kind::enter));
    CHECK(rows_of(view) == "web1 web2 ");
    CHECK(press(view, Key::Kind::escape));
    CHECK(rows_of(view) == "db web1 web2 ");
    type(view, U"/\u00fc\u6f22");
    CHECK(press(view, Key::Kind::backspace));
    CHECK(view.draw({24, 80}, "top").back().text.find("\xc3\xbc_") != std::string::npos);
    CHECK_FALSE((press(view, Key::Kind::enter), view.press({Key::Kind::character, U'q'})));
}

TEST_CASE("the selected container stays in sight and selected, wherever it moves") {
    View view = view_of({"c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8"});
    const ScreenSize small{8, 80}; // three rows
    CHECK(rows_of(view, small) == "c1 c2 c3 ");
    press(view, Key::Kind::down);
    CHECK(rows_of(view, small) == "c1* c2 c3 ");
    for (int count = 0; count < 3; ++count)
        press(view, Key::Kind::down);
    CHECK(rows_of(view, small) == "c2 c3 c4* ");
    type(view, U"r");
    CHECK(rows_of(view, small) == "c6 c5 c4* ");
    press(view, Key::Kind::end);
    CHECK(rows_of(view, small) == "c3 c2 c1* ");
    press(view, Key::Kind::page_up);
    CHECK(rows_of(view, small) == "c4* c3 c2 ");
    press(view, Key::Kind::home);
    press(view, Key::Kind::up);
    CHECK(rows_of(view, small) == "c8* c7 c6 ");
    view.show(with({"c1"}));
    CHECK(rows_of(view, small) == "c1 ");
    view.show(with({}));
    press(view, Key::Kind::down);
    press(view, Key::Kind::enter);
    CHECK_FALSE(view.expanded());
}

TEST_CASE("one container is expanded, until it is left or gone") {
    View view = view_of({"a", "b"});
    press(view, Key::Kind::down);
    press(view, Key::Kind::down);
    press(view, Key::Kind::enter);
    REQUIRE(view.expanded());
    CHECK(view.expanded()->first == "b");
    view.show_details({"ETH0 ..."});
    CHECK(rows_of(view).find("ETH0") != std::string::npos);
    press(view, Key::Kind::up);
    CHECK(view.expanded()->first == "a");
    CHECK(rows_of(view).find("ETH0") == std::string::npos); // not those of b
    view.show(with({"b"}));
    bool is_gone = false;
    for (const ScreenLine& line : view.draw({24, 80}, "top"))
        is_gone = is_gone || line.text == "a is gone.";
    CHECK(is_gone);
    CHECK(view.press({Key::Kind::character, U'q'})); // back, not the end
    CHECK_FALSE(view.expanded());
    CHECK_FALSE(view.press({Key::Kind::character, U'q'}));
}

TEST_CASE("details and help that are longer than the screen are read page by page") {
    View view = view_of({"a"});
    press(view, Key::Kind::enter);
    std::vector<std::string> details;
    for (int number = 1; number <= 9; ++number)
        details.push_back("line" + std::to_string(number));
    view.show_details(details);
    const ScreenSize small{10,
                           80}; // three above the titles, the row and an empty line; three lines of details
    const auto shows = [&](const std::string& text) {
        const auto lines = view.draw(small, "top");
        return std::ranges::any_of(
            lines, [&](const ScreenLine& line) { return line.text.find(text) != std::string::npos; });
    };
    CHECK(shows("line3"));
    CHECK_FALSE(shows("line4"));
    CHECK(shows("Page Down: more"));
    press(view, Key::Kind::page_down);
    CHECK_FALSE(shows("line3"));
    CHECK(shows("line6"));
    for (int count = 0; count < 3; ++count) {
        press(view, Key::Kind::page_down);
        CHECK(shows("line9"));
    }
    CHECK(shows("Page Up: back to the top"));
    CHECK_FALSE(shows("Page Down: more"));
    press(view, Key::Kind::page_up);
    press(view, Key::Kind::page_up);
    CHECK(shows("line1"));
    type(view, U"?");
    CHECK_FALSE(shows("powers of 1024"));
    for (int count = 0; count < 5 && !shows("powers of 1024"); ++count)
        press(view, Key::Kind::page_down);
    CHECK(shows("powers of 1024"));
    type(view, U"x");
    CHECK(shows("line1"));
}

TEST_CASE("with few rows the containers come before the host and the order") {
    View view = view_of({"c1", "c2", "c3"});
    CHECK(rows_of(view, {4, 80}) == "c1 ");
    CHECK(rows_of(view, {5, 80}) == "c1 c2 ");
    CHECK(view.draw({5, 80}, "top")[1].text.starts_with("NAME"));
    CHECK(view.draw({6, 80}, "top")[1].text.starts_with("host:"));
    CHECK(view.draw({8, 80}, "top")[2].text == "by name");
}

TEST_CASE("where not all containers fit, the screen says which they are") {
    View view = view_of({"c1", "c2", "c3", "c4"});
    CHECK(view.draw({8, 80}, "top")[2].text == "by name, 1 to 3 of 4");
    press(view, Key::Kind::end);
    CHECK(view.draw({8, 80}, "top")[2].text == "by name, 2 to 4 of 4");
}

TEST_CASE("the filter takes small and capital letters alike") {
    View view = view_of({"Web1", "db"});
    type(view, U"/wEB");
    CHECK(rows_of(view) == "Web1 ");
}

TEST_CASE("containers that are left out are counted in the title") {
    Overview overview = with({"a"});
    overview.left_out = 2;
    CHECK(summary_text(overview) == "  1 of 1 containers run, 2 left out");
}

TEST_CASE("parts of the host's line that do not fit are left out whole") {
    Overview overview;
    overview.host.cpu_percent = 12.0;
    overview.host.memory_used_bytes = 1024;
    overview.host.read_bytes_per_sec = overview.host.write_bytes_per_sec = 5;
    const std::string whole = "host: CPU 12.0%  memory 1.0K  disk 5B/s read, 5B/s written";
    CHECK(host_text(overview, whole.size()) == whole);
    CHECK(host_text(overview, whole.size() - 1) == "host: CPU 12.0%  memory 1.0K");
    CHECK(host_text(overview, 20) == "host: CPU 12.0%");
    CHECK(host_text(overview, 1) == "host:");
}

TEST_CASE("a selected container that is gone is not another one") {
    View view = view_of({"a", "b"});
    type(view, U"jj");
    CHECK(rows_of(view) == "a b* ");
    view.show(with({"a"}));
    press(view, Key::Kind::enter);
    CHECK_FALSE(view.expanded());
    type(view, U"k");
    press(view, Key::Kind::enter);
    REQUIRE(view.expanded());
    view.show(with({"a", "c"}));
    type(view, U"j");
    CHECK(view.expanded()->first == "c");
}

TEST_CASE("restarts and OOM kills are marked, and other states left out") {
    lxcmon::text::use_utf8_locale();
    View view(ViewSettings{SortBy::name, false, "RUNNING"});
    Overview overview = with({"calm", "killed", "frozen"});
    overview.containers[1].oom_kills = 1;
    overview.containers[2].state = "FROZEN";
    view.show(overview);
    std::string marked;
    for (const ScreenLine& line : view.draw({24, 80}, "top"))
        marked += line.style == LineStyle::alarm ? line.text.substr(0, line.text.find(' ')) : "";
    CHECK(marked == "killed");
    CHECK(rows_of(view) == "calm killed ");
}

TEST_CASE("the screen is filled exactly, at any size and with any text") {
    View view = view_of({"\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2", "b\x1b[2J",
                         "e\xcc\x81", "\xe2\x80\x8b", "z\xe2\x80\x8b", " "});
    view.show_message("\x1b]0;title\x07 and a long message of the log that goes on and on");
    for (const int state : {0, 1, 2}) {
        for (std::size_t rows = 1; rows < 40; ++rows)
            for (std::size_t columns = 1; columns < 120; columns += 3) {
                const auto lines = view.draw({rows, columns}, "lxcmon-push top");
                CHECK(lines.size() == rows);
                for (const ScreenLine& line : lines) {
                    CHECK(lxcmon::text::display_width(line.text) <= columns);
                    CHECK(line.text.find('\x1b') == std::string::npos);
                }
            }
        if (state == 0)
            type(view, U"?");
        else if (state == 1)
            CHECK((press(view, Key::Kind::escape), press(view, Key::Kind::enter)));
    }
}

TEST_CASE("characters become UTF-8") {
    std::string text;
    for (const char32_t c : {U'a', U'\u00e9', U'\u6f22', U'\U0001f600', U'\n', U'\x7f'})
        append_character(text, c);
    CHECK(text == "a\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80");
}
