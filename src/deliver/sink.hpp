// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "deliver/verdict.hpp"
#include "model/finding.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::deliver {

/// The destination of batches: InfluxDB, or a file of JSON Lines. The sender sees only verdicts, so it
/// handles a full disk and a server that is down in the same way. One thread at a time, except for
/// set_deadline().
class Sink {
  public:
    Sink() = default;
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;
    Sink(Sink&&) = delete;
    Sink& operator=(Sink&&) = delete;
    virtual ~Sink() = default;

    /// Sends whole lines, each with its LF. Blocks, with time-outs of its own. Errors of the server or the
    /// disk are verdicts; only errors of this process (out of memory) are thrown. After Outcome::retry the
    /// next call, if any, has the same bytes.
    [[nodiscard]] virtual Verdict send(std::string_view lines) = 0;

    /// At this time a running send() ends with Outcome::retry, and so does every later one. Any thread.
    virtual void set_deadline(std::chrono::steady_clock::time_point deadline) noexcept = 0;

    /// For the command `check`: tests whether the sink can be used. Writes one point of each measurement at
    /// most. Blocks.
    [[nodiscard]] virtual std::vector<Finding> probe() = 0;

    /// A URL or path for the log, without secrets.
    [[nodiscard]] virtual std::string name() const = 0;
};

} // namespace lxcmon::deliver
