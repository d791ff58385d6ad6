// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/view/order.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace lxcmon::push;

namespace {

Figures named(std::string name, std::optional<double> cpu = std::nullopt) {
    Figures figures;
    figures.name = std::move(name);
    figures.cpu_percent = cpu;
    return figures;
}

std::string names_of(const std::vector<Figures>& containers) {
    std::string names;
    for (const Figures& each : containers)
        names += (names.empty() ? "" : " ") + each.name;
    return names;
}

} // namespace

TEST_CASE("numbers in names are compared as numbers") {
    std::vector<Figures> all{named("100"),   named("web10"), named("9"),   named("web2"),
                             named("web02"), named("10"),    named("web"), named("99999999999999999999999"),
                             named("a"),     named("web2b")};
    sort(all, SortBy::name, false);
    CHECK(names_of(all) == "9 10 100 99999999999999999999999 a web web02 web2 web2b web10");
    sort(all, SortBy::name, true);
    CHECK(names_of(all) == "web10 web2b web2 web02 web a 99999999999999999999999 100 10 9");
    CHECK_FALSE(comes_before("a", "a"));
    CHECK_FALSE(comes_before("", ""));
    CHECK(comes_before("", "0"));
    CHECK(comes_before("00", "000"));
    CHECK_FALSE(comes_before("000", "00"));
}

TEST_CASE("the highest figure is first, and what has none is last in both directions") {
    std::vector<Figures> all{named("none"), named("low", 1.0), named("b", 5.0), named("a", 5.0),
                             named("high", 9.0)};
    sort(all, SortBy::cpu, false);
    CHECK(names_of(all) == "high a b low none");
    sort(all, SortBy::cpu, true);
    CHECK(names_of(all) == "low a b high none");
}

TEST_CASE("each word of --sort has its figure") {
    std::vector<Figures> all{named("x"), named("y")};
    all[1].memory_used_bytes = 1;
    all[1].tx_bytes_per_sec = 1;
    all[1].read_bytes_per_sec = 1;
    all[1].processes = 1;
    all[1].cpu_percent = 1;
    for (const std::string_view word : sort_words) {
        CAPTURE(word);
        CHECK(word_of(sort_by(word)) == word);
        std::vector<Figures> some = all;
        sort(some, sort_by(word), false);
        CHECK(names_of(some) == (word == "name" ? "x y" : "y x"));
    }
}
