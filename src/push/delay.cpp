// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/delay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace lxcmon::push {
namespace {

double seconds_in(std::int64_t nsec) noexcept {
    return static_cast<double>(nsec) / 1e9;
}

} // namespace

std::string Delay::explain(std::int64_t late_ns, std::int64_t now_ns) {
    if (std::exchange(was_continued_, false))
        return fmt::format("a signal stopped the agent (SIGSTOP, SIGTSTP) for about {:.1f} s",
                           seconds_in(late_ns));
    const std::int64_t late_while_idle = std::min(late_ns, now_ns - idle_since_ns_);
    if (longest_.what.empty() || late_while_idle > late_ns / 2)
        return fmt::format("the agent got no CPU for {:.1f} s (the host was overloaded, frozen or suspended)",
                           seconds_in(late_ns));
    return fmt::format("{} took {:.1f} s", longest_.what, seconds_in(longest_.nsec));
}

} // namespace lxcmon::push
