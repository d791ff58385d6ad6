// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "deliver/sink.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::deliver {

/// Several sinks for the same points; one is used at a time. If it fails, the next one is tried at once. The
/// sink that works stays in use; once a minute the earlier ones are tried again. Threads: as for Sink.
class FailoverSink final : public Sink {
  public:
    using Clock = std::function<std::chrono::steady_clock::time_point()>;

    /// Throws std::invalid_argument if `sinks` is empty. The first sink is preferred.
    explicit FailoverSink(std::vector<std::unique_ptr<Sink>> sinks,
                          Clock clock = &std::chrono::steady_clock::now);

    /// The verdict of the first sink that does not fail. If all fail: the verdict of the first one tried,
    /// with the messages of all.
    [[nodiscard]] Verdict send(std::string_view lines) override;
    void set_deadline(std::chrono::steady_clock::time_point deadline) noexcept override;
    [[nodiscard]] std::vector<Finding> probe() override;
    [[nodiscard]] std::string name() const override;

  private:
    [[nodiscard]] std::vector<std::size_t> order() const;
    void switch_to(std::size_t index, const std::string& failure);

    std::vector<std::unique_ptr<Sink>> sinks_; ///< never changed, as set_deadline() reads it from any thread
    Clock clock_;
    std::size_t current_ = 0;
    std::chrono::steady_clock::time_point fail_back_at_; ///< time to try the earlier sinks again
};

} // namespace lxcmon::deliver
