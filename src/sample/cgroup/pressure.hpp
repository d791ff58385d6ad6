#pragma once

#include "model/readings.hpp"
#include "sample/cgroup/control_files.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace lxcmon::sample {

/// `some`: where the `full` line has no meaning, as for the host's cpu (all zeros, since 5.13).
enum class PressureLines : std::uint8_t { some_and_full, some };

/// A pressure file (Documentation/accounting/psi.rst), of a cgroup or of /proc/pressure: shares of time in
/// percent and totals in us. `first`: the row some_avg10 of the measurement, whose eight rows are in the
/// order of lxc_pressure. What is missing or malformed stays out.
void parse_pressure(std::string_view text, FieldId first, PressureLines lines, Readings& readings) noexcept;

/// lxc_pressure of one container, from its cgroup v2 also where the controllers are on v1: PSI counts there
/// alone. No points where the kernel has PSI off (psi=0: the files are absent, or reading gives EOPNOTSUPP),
/// or for the rest of this start where it was off for the cgroup (cgroup.pressure) at the first sample.
class PressureSampler {
  public:
    explicit PressureSampler(const ContainerFiles& files);
    /// Adds a point a resource. Reads nothing where no field of lxc_pressure is selected in `points`.
    void sample(std::span<char> buffer, std::span<const Tag> tags, std::int64_t time_ns, PointBuffer& points);

  private:
    struct Resource {
        std::string_view name;
        std::optional<io::KernelFile> file;
    };
    std::array<Resource, 3> resources_;
};

} // namespace lxcmon::sample
