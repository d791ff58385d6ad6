#pragma once

#include "deliver/verdict.hpp"
#include "model/finding.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::deliver {

/// Where batches go: InfluxDB or a file of JSON Lines. A verdict is all that the sender knows, so
/// that a full disk and a server that is down are one thing to it. One thread at a time, except
/// for set_deadline().
class Sink {
  public:
    Sink() = default;
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;
    Sink(Sink&&) = delete;
    Sink& operator=(Sink&&) = delete;
    virtual ~Sink() = default;

    /// Sends whole lines, each ended by LF; blocks, with time-outs of its own. What the server or the
    /// disk does ends in a verdict; only this process's own trouble (no memory) is thrown.
    /// After Outcome::retry the next call has the same bytes, or nothing follows.
    [[nodiscard]] virtual Verdict send(std::string_view lines) = 0;

    /// Whatever is being sent, or will be, is given up at this time, with Outcome::retry. Any thread.
    virtual void set_deadline(std::chrono::steady_clock::time_point deadline) noexcept = 0;

    /// For the command `check`: is the sink usable? Writes no point. Blocks.
    [[nodiscard]] virtual std::vector<Finding> probe() = 0;

    /// For logs: a URL or path, without secrets.
    [[nodiscard]] virtual std::string name() const = 0;
};

} // namespace lxcmon::deliver
