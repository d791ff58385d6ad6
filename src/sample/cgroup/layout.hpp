// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::sample {

/// One mounted cgroup hierarchy of the host.
struct Hierarchy {
    bool unified = false;                 ///< cgroup v2
    std::vector<std::string> controllers; ///< v1 only: "cpu", "cpuacct", ...; also "name=systemd"
    std::string mount_point;              ///< relative to the root descriptor: no leading slash
    std::string root; ///< the mounted cgroup: "/", unless the agent itself runs in a container
};

/// The mounted cgroup hierarchies of the host: v1, v2 or hybrid. Read once, at start.
class CgroupLayout {
  public:
    /// `mountinfo`: text of /proc/self/mountinfo. A hierarchy that is mounted twice counts once; a mount of
    /// its root is preferred to a mount of a part.
    explicit CgroupLayout(std::string_view mountinfo);

    [[nodiscard]] const std::vector<Hierarchy>& hierarchies() const noexcept { return hierarchies_; }
    /// Index of the v1 hierarchy with `controller`, if mounted.
    [[nodiscard]] std::optional<std::size_t> find_v1(std::string_view controller) const noexcept;
    /// Index of the v2 hierarchy, if mounted.
    [[nodiscard]] std::optional<std::size_t> find_v2() const noexcept;

    /// "v1", "v2", "hybrid" or "none", for messages.
    [[nodiscard]] std::string_view describe() const noexcept;

    /// The directory, relative to the root descriptor, of a cgroup path from /proc/PID/cgroup.
    /// Nothing if the cgroup is outside the mounted part.
    [[nodiscard]] static std::optional<std::string> directory(const Hierarchy& hierarchy,
                                                              std::string_view cgroup);

  private:
    std::vector<Hierarchy> hierarchies_;
};

} // namespace lxcmon::sample
