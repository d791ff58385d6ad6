#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace lxcmon::sample {

/// When it is a container's turn for what is looked at once in an interval and not at each tick: the times
/// of a thousand containers are spread over the interval.
class StaggeredSchedule {
  public:
    /// `id`: Container::id, or 0 for the host.
    explicit StaggeredSchedule(std::uint64_t id) noexcept
        : id_(id) {}

    /// Whether a look is due at the tick of `wall_ns`: the first one always, later ones once in each
    /// `interval` (0: at each tick), and one that did not take place remains so.
    [[nodiscard]] bool is_due(std::int64_t wall_ns, std::chrono::nanoseconds interval) const noexcept;
    /// A look has taken place at the tick of `wall_ns`.
    void take(std::int64_t wall_ns) noexcept { last_ns_ = wall_ns; }

  private:
    std::uint64_t id_;
    std::optional<std::int64_t> last_ns_;
};

} // namespace lxcmon::sample
