#pragma once

#include "model/container.hpp"
#include "model/readings.hpp"
#include "sample/cgroup/control_files.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace lxcmon::sample {

/// Whether freezer.state (v1) or cgroup.events (v2) says that the container is frozen.
[[nodiscard]] bool parse_frozen_v1(std::string_view text) noexcept;
[[nodiscard]] bool parse_frozen_v2(std::string_view text) noexcept;

/// What lxc_state says of a running container.
class StateSampler {
  public:
    explicit StateSampler(const ContainerFiles& files);
    /// `start_ticks`: when init began, as parse_start_ticks() has it; `boottime_ns`: CLOCK_BOOTTIME now.
    void sample(std::span<char> buffer, const Container& container, std::optional<std::int64_t> start_ticks,
                std::int64_t boottime_ns, Readings& readings) noexcept;

  private:
    std::optional<io::KernelFile> freezer_v1_;
    std::optional<io::WatchedFile> events_v2_;
    bool frozen_v2_ = false;
};

/// What lxc_state says of one that is not running. `state` is a word of liblxc's.
void sample_stopped(const Container& container, std::string_view state, Readings& readings) noexcept;

} // namespace lxcmon::sample
