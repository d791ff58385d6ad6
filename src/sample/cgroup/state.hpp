// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/container.hpp"
#include "model/readings.hpp"
#include "sample/cgroup/control_files.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace lxcmon::sample {

/// True if the text of freezer.state (v1) or cgroup.events (v2) reports a frozen container.
[[nodiscard]] bool parse_frozen_v1(std::string_view text) noexcept;
[[nodiscard]] bool parse_frozen_v2(std::string_view text) noexcept;

/// lxc_state of a running container.
class StateSampler {
  public:
    explicit StateSampler(const ContainerFiles& files);
    /// Sets the fields. `start_ticks`: init's start from parse_start_ticks(), for uptime_sec; `boottime_ns`:
    /// CLOCK_BOOTTIME now.
    void sample(std::span<char> buffer, const Container& container, std::optional<std::int64_t> start_ticks,
                std::int64_t boottime_ns, Readings& readings) noexcept;

  private:
    std::optional<io::KernelFile> freezer_v1_;
    std::optional<io::WatchedFile> events_v2_;
    bool frozen_v2_ = false;
};

/// Sets lxc_state of a container that is not running. `state`: a state name of liblxc.
void sample_stopped(const Container& container, std::string_view state, Readings& readings) noexcept;

} // namespace lxcmon::sample
