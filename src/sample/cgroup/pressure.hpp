// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/readings.hpp"
#include "sample/cgroup/control_files.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace lxcmon::sample {

/// `some`: the `full` line has no meaning, as for the host's cpu (all zeros, since 5.13).
enum class PressureLines : std::uint8_t { some_and_full, some };

/// Parses a pressure file of a cgroup or of /proc/pressure (Documentation/accounting/psi.rst): shares of time
/// in percent, totals in us. `first`: the field some_avg10 of a measurement whose eight fields are in the
/// order of lxc_pressure. Missing or malformed values are left out.
void parse_pressure(std::string_view text, FieldId first, PressureLines lines, Readings& readings) noexcept;

/// lxc_pressure of one container, from its v2 cgroup even if the controllers are on v1, because only v2 has
/// PSI. No points if PSI is off in the kernel (psi=0: the files are absent, or reading fails with
/// EOPNOTSUPP). If PSI was off for the cgroup (cgroup.pressure) at the first sample, no points until the next
/// start.
class PressureSampler {
  public:
    explicit PressureSampler(const ContainerFiles& files);
    /// Adds a point per resource. Reads nothing if no field of lxc_pressure is selected in `points`.
    void sample(std::span<char> buffer, std::span<const Tag> tags, std::int64_t time_ns, PointBuffer& points);

  private:
    struct Resource {
        std::string_view name;
        std::optional<io::KernelFile> file;
    };
    std::array<Resource, 3> resources_;
};

} // namespace lxcmon::sample
