// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lxcmon::push {

/// The times of the agent's main thread since the start of the last tick, for the message about missed ticks.
/// Times are CLOCK_MONOTONIC, in ns.
class Delay {
  public:
    /// A tick begins: forgets the work before it.
    void begin_tick() noexcept { longest_ = {}; }
    /// Some work took `nsec`. `what` is a string literal, the subject of the message.
    void add(std::string_view what, std::int64_t nsec) noexcept {
        if (nsec > longest_.nsec)
            longest_ = {what, nsec};
    }
    /// The work ended; the agent waits.
    void end(std::int64_t now_ns) noexcept { idle_since_ns_ = now_ns; }
    /// The agent received SIGCONT.
    void note_continued() noexcept { was_continued_ = true; }

    /// Why the agent is `late_ns` late at `now_ns`. Forgets SIGCONT.
    [[nodiscard]] std::string explain(std::int64_t late_ns, std::int64_t now_ns);
    void forget_continued() noexcept { was_continued_ = false; }

  private:
    struct Work {
        std::string_view what;
        std::int64_t nsec = 0;
    };
    Work longest_;
    std::int64_t idle_since_ns_ = 0;
    bool was_continued_ = false;
};

} // namespace lxcmon::push
