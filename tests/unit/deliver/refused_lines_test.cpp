// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/refused_lines.hpp"

#include <doctest/doctest.h>

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
    CHECK(refused_lines(three, naming({2})) == "b v=2 2\n");
    CHECK(refused_lines(three, naming({1, 3})) == "a v=1 1\nc v=3 3\n");
    CHECK(refused_lines(three, naming({}, {"b v=2 2"})) == "b v=2 2\n");
    CHECK(refused_lines(three, naming({2}, {"b v=2 2", "a v=1 1"})) == "a v=1 1\nb v=2 2\n");
}

TEST_CASE("a server that names no line, or lines that were never sent") {
    CHECK(refused_lines(three, naming({})).empty());
    CHECK(refused_lines(three, naming({0, 4, 1'000'000}, {"x", "", "b v=2"})).empty());
    CHECK(refused_lines("", naming({1}, {""})).empty());
}
