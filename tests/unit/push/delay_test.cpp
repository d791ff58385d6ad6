// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/delay.hpp"

#include <doctest/doctest.h>

using lxcmon::push::Delay;

namespace {

constexpr std::int64_t sec = 1'000'000'000;

} // namespace

TEST_CASE("the longest work is the reason if the agent was busy when the tick was due") {
    Delay delay;
    delay.begin_tick();
    delay.add("reading", 1 * sec);
    delay.add("waiting for the kernel's lists of interfaces", 9 * sec);
    delay.add("handing over", 2 * sec);
    delay.end(100 * sec);
    CHECK(delay.explain(3 * sec, 100 * sec) == "waiting for the kernel's lists of interfaces took 9.0 s");
    delay.begin_tick(); // forgets the work of the tick before
    delay.add("reading", 2 * sec);
    delay.end(110 * sec);
    CHECK(delay.explain(3 * sec, 111 * sec) == "reading took 2.0 s");
}

TEST_CASE("an agent that had nothing to do got no CPU") {
    Delay delay;
    delay.begin_tick();
    delay.add("reading", 1 * sec);
    delay.end(100 * sec);
    const auto text = "the agent got no CPU for 5.5 s (the host was overloaded, frozen or suspended)";
    CHECK(delay.explain(5 * sec + sec / 2, 120 * sec) == text);
    delay.begin_tick(); // a tick without work
    delay.end(130 * sec);
    CHECK(delay.explain(5 * sec + sec / 2, 130 * sec) == text);
}

TEST_CASE("a signal that stopped the agent is the reason once") {
    Delay delay;
    delay.end(100 * sec);
    delay.note_continued();
    CHECK(delay.explain(3 * sec, 104 * sec) ==
          "a signal stopped the agent (SIGSTOP, SIGTSTP) for about 3.0 s");
    CHECK(delay.explain(3 * sec, 104 * sec).starts_with("the agent got no CPU"));
    delay.note_continued();
    delay.forget_continued();
    CHECK(delay.explain(3 * sec, 104 * sec).starts_with("the agent got no CPU"));
}
