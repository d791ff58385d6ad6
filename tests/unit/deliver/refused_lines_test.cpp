// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/refused_lines.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace lxcmon::deliver;

namespace {

constexpr const char* three = "a v=1 1\nb v=2 2\nc v=3 3\n";

Verdict naming(std::vector<std::size_t> numbers, std::vector<std::string> texts = {}) {
    Verdict verdict;
    verdict.refused_lines = std::move(numbers);
    verdict.refused_texts = std::move(texts);
    return verdict;
}

} // namespace

TEST_CASE("refused lines are found by their number, and by their text") {
    CHECK(refused_lines(three, naming({2}), 3) == "b v=2 2\n");
    CHECK(refused_lines(three, naming({1, 3}), 3) == "a v=1 1\nc v=3 3\n");
    CHECK(refused_lines(three, naming({}, {"b v=2 2"}), 3) == "b v=2 2\n");
    CHECK(refused_lines(three, naming({2}, {"b v=2 2", "a v=1 1"}), 3) == "a v=1 1\nb v=2 2\n");
}

TEST_CASE("a server that names no line, or lines that were never sent") {
    CHECK(refused_lines(three, naming({}), 3).empty());
    CHECK(refused_lines(three, naming({0, 4, 1'000'000}, {"x", "", "b v=2"}), 3).empty());
    CHECK(refused_lines("", naming({1}, {""}), 3).empty());
}

TEST_CASE("the lines of a type conflict are those with the field and the type of the refused value") {
    const std::string sent =
        "cpu,n=1 v=1i,w=1 1\ncpu,n=2 v=1.5,w=2 1\nmem,n=2 v=1.5 1\ncpu,n=3 w=3 1\nno line\n"
        "cpu,n=4 v=2 1\ncpu,n=5 v=true,s=\"v\" 1\n";
    Verdict verdict;
    verdict.type_conflict = TypeConflict{"cpu", "v", "float"};
    const std::string wanted = "cpu,n=2 v=1.5,w=2 1\ncpu,n=4 v=2 1\n";
    CHECK(refused_lines(sent, verdict, 2) == wanted);
    CHECK(refused_lines(sent, verdict, 3) == wanted); // and another conflict, which is not named
    CHECK(refused_lines(sent, verdict, 1).empty());   // one of them is stored
    verdict.type_conflict = TypeConflict{"cpu", "v", "integer"};
    CHECK(refused_lines(sent, verdict, 1) == "cpu,n=1 v=1i,w=1 1\n");
    verdict.type_conflict = TypeConflict{"cpu", "v", "boolean"};
    CHECK(refused_lines(sent, verdict, 1) == "cpu,n=5 v=true,s=\"v\" 1\n");
    verdict.type_conflict = TypeConflict{"cpu", "s", "string"};
    CHECK(refused_lines(sent, verdict, 1) == "cpu,n=5 v=true,s=\"v\" 1\n");
    verdict.type_conflict = TypeConflict{"none", "v", "float"};
    CHECK(refused_lines(sent, verdict, 9).empty());
}

TEST_CASE("the lines of a batch without some of them") {
    CHECK(without_lines(three, "") == three);
    CHECK(without_lines(three, "b v=2 2\n") == "a v=1 1\nc v=3 3\n");
    CHECK(without_lines(three, "a v=1 1\nc v=3 3\n") == "b v=2 2\n");
    CHECK(without_lines(three, three).empty());
    CHECK(without_lines("a\n\nb\n", "a\n") == "\nb\n");
    CHECK(without_lines("a 1\na 1\nb 2\n", "a 1\n") == "a 1\nb 2\n");
}

TEST_CASE("refused series: lines with the same measurement and tags") {
    RefusedSeries series;
    CHECK(series.lines_in(three).empty());
    series.add("cpu,n=a\\ b v=1 1\nmem v=1 1\n");
    CHECK(series.lines_in("cpu,n=a\\ b v=2,w=3 2\ncpu,n=a\\ c v=1 1\nmem v=9 3\nmem,n=a v=1 1\n") ==
          "cpu,n=a\\ b v=2,w=3 2\nmem v=9 3\n");
    series.remove("mem v=7 7\nmem,n=a v=1 1\n");
    CHECK(series.lines_in("mem v=1 1\n").empty());
    CHECK(series.lines_in("cpu,n=a\\ b v=3 3\n") == "cpu,n=a\\ b v=3 3\n");
}

TEST_CASE("suspected lines: named by the server, else of a refused series, but never all") {
    RefusedSeries series;
    CHECK(suspected_lines(three, naming({}), series).empty());
    CHECK(suspected_lines(three, naming({1, 2, 3}), series).empty());
    series.add("c v=9 9\n");
    CHECK(suspected_lines(three, naming({2}), series) == "b v=2 2\n");
    CHECK(suspected_lines(three, naming({}), series) == "c v=3 3\n");
    CHECK(suspected_lines(three, naming({1, 2, 3}), series) == "c v=3 3\n");
    series.add(three);
    CHECK(suspected_lines(three, naming({}), series).empty());
}

TEST_CASE("refused series are limited") {
    RefusedSeries series;
    for (std::size_t number = 0; number <= RefusedSeries::most_series; ++number)
        series.add("m,n=" + std::to_string(number) + " v=1 1\n");
    CHECK(series.lines_in("m,n=0 v=1 1\n").empty());
    CHECK_FALSE(series.lines_in("m,n=" + std::to_string(RefusedSeries::most_series) + " v=1 1\n").empty());
}
