// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "deliver/sink.hpp"

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace lxcmon::test {

/// A sink that answers from a script, then from a function (by default: delivered).
class FakeSink final : public deliver::Sink {
  public:
    using Judge = std::function<deliver::Outcome(std::string_view)>;

    deliver::Verdict send(std::string_view lines) override {
        sent.emplace_back(lines);
        deliver::Verdict verdict;
        if (!script.empty()) {
            verdict = script.front();
            script.pop_front();
        } else if (judge) {
            verdict.outcome = judge(lines);
        }
        return verdict;
    }
    void set_deadline(std::chrono::steady_clock::time_point when) noexcept override { deadline = when; }
    std::vector<Finding> probe() override { return {{"server", true, shown}}; }
    std::string name() const override { return shown; }

    std::deque<deliver::Verdict> script;
    Judge judge;
    std::string shown = "fake";
    std::chrono::steady_clock::time_point deadline;
    std::vector<std::string> sent;
};

[[nodiscard]] inline deliver::Verdict verdict_of(deliver::Outcome outcome, std::string message = "reason") {
    deliver::Verdict verdict;
    verdict.outcome = outcome;
    verdict.message = std::move(message);
    return verdict;
}

} // namespace lxcmon::test
