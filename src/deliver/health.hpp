#pragma once

#include "deliver/verdict.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>

namespace lxcmon::deliver {

/// Says in the log when delivery begins to fail, fails for another reason, and is right again: a line
/// for each change, none for the tries between. One thread at a time, except for trouble().
class Health {
  public:
    /// `where` is the sink's name().
    explicit Health(std::string where)
        : where_(std::move(where)) {}

    void failing(const Verdict& verdict);
    void well(std::size_t lines);

    /// Lines that the server refuses for good, with its words.
    void rejected(std::size_t lines, const std::string& message);

    /// A batch is done with; `clean` where none of its lines was rejected.
    void batch_done(bool clean);

    /// What is wrong now, for the unit's status; empty when all is well. Any thread.
    [[nodiscard]] std::string trouble() const;

  private:
    std::string where_;
    bool failing_ = false;
    Outcome outcome_ = Outcome::delivered; ///< the reason that stands in the log
    int status_ = 0;
    std::uint64_t tries_ = 0;
    std::chrono::steady_clock::time_point since_;
    std::uint64_t rejected_lines_ = 0; ///< since rejecting began; 0 when nothing is rejected
    unsigned clean_batches_ = 0;
    mutable std::mutex mutex_; ///< for trouble_ alone
    std::string trouble_;
};

} // namespace lxcmon::deliver
