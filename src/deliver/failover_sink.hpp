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

/// Several sinks for the same points, of which one is used: where it does not take them, the next is tried at
/// once. It stays with the one that works, and looks every minute whether an earlier one works again.
/// Threads as for Sink.
class FailoverSink final : public Sink {
  public:
    using Clock = std::function<std::chrono::steady_clock::time_point()>;

    /// Needs at least one sink; the first is the one that is wanted.
    explicit FailoverSink(std::vector<std::unique_ptr<Sink>> sinks,
                          Clock clock = &std::chrono::steady_clock::now);

    /// What the sink that answered said; where all failed, the verdict of the first that was tried, with
    /// words that name each.
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
    std::chrono::steady_clock::time_point fail_back_at_; ///< when the earlier ones are tried again
};

} // namespace lxcmon::deliver
