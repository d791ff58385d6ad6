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
    std::string mount_point;              ///< without the leading slash: it hangs on the root descriptor
    std::string root; ///< the cgroup that is mounted there: "/" but where the agent is in a container itself
};

/// Which cgroup hierarchies the host has and where: v1, v2 or hybrid. Read once, at start.
class CgroupLayout {
  public:
    /// From the text of /proc/self/mountinfo. A hierarchy mounted twice counts once: the mount of its root is
    /// taken before one of a part.
    explicit CgroupLayout(std::string_view mountinfo);

    [[nodiscard]] const std::vector<Hierarchy>& hierarchies() const noexcept { return hierarchies_; }
    /// Index of the v1 hierarchy that has `controller`.
    [[nodiscard]] std::optional<std::size_t> find_v1(std::string_view controller) const noexcept;
    /// Index of the v2 hierarchy.
    [[nodiscard]] std::optional<std::size_t> find_v2() const noexcept;

    /// "v1", "v2", "hybrid" or "none", for people.
    [[nodiscard]] std::string_view describe() const noexcept;

    /// The directory, relative to the root descriptor, of a cgroup as /proc/PID/cgroup names it.
    /// Nothing where it lies outside of what is mounted.
    [[nodiscard]] static std::optional<std::string> directory(const Hierarchy& hierarchy,
                                                              std::string_view cgroup);

  private:
    std::vector<Hierarchy> hierarchies_;
};

} // namespace lxcmon::sample
