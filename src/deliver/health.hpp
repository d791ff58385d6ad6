// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "deliver/verdict.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>

namespace lxcmon::deliver {

/// Logs when delivery begins to fail, fails for another reason, or works again: one line for each change,
/// none for the tries in between. One thread at a time, except for trouble().
class Health {
  public:
    /// `name` is the sink's name(), `when_failing` what happens to the points if delivery fails.
    Health(std::string name, std::string when_failing)
        : name_(std::move(name))
        , when_failing_(std::move(when_failing)) {}

    void failing(const Verdict& verdict);
    void delivered(std::size_t lines);

    /// The server refused lines permanently; `message` is its reason.
    void rejected(std::size_t lines, const std::string& message);

    /// A batch is finished; `clean` if none of its lines was rejected.
    void batch_done(bool clean);

    /// The current problem, for the unit's status; empty if there is none. Any thread.
    [[nodiscard]] std::string trouble() const;

  private:
    std::string name_;
    std::string when_failing_;
    bool failing_ = false;
    Outcome outcome_ = Outcome::delivered; ///< reason that was logged
    int status_ = 0;
    std::uint64_t tries_ = 0;
    std::chrono::steady_clock::time_point since_;
    std::uint64_t rejected_lines_ = 0; ///< since rejecting began; 0: nothing is rejected
    unsigned clean_batches_ = 0;
    mutable std::mutex mutex_; ///< protects trouble_
    std::string trouble_;
};

} // namespace lxcmon::deliver
