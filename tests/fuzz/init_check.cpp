// SPDX-License-Identifier: GPL-2.0-or-later
// Whether the cgroups of a process can be those of a user's container: /proc/PID/cgroup, the cgroup that the
// user's configuration names, and the agent's own mountinfo.
#include "fuzz/support.hpp"

#include "discover/init_check.hpp"
#include "io/parse.hpp"
#include "sample/cgroup/directories.hpp"
#include "sample/cgroup/layout.hpp"

#include <array>

using namespace lxcmon;
using fuzz::require;

namespace {

/// No folder below these mount points exists, so that no cgroup is the user's.
constexpr std::string_view empty_mounts =
    "35 24 0:30 / /proc/no-such-folder/unified rw - cgroup2 cgroup2 rw\n"
    "36 24 0:31 / /proc/no-such-folder/cpu rw - cgroup cgroup rw,cpu,cpuacct\n";
constexpr uid_t user = 12345;

bool has_container(std::string_view path, std::string_view cgroup_dir) {
    const auto has = [](std::string_view text, std::string_view part) {
        return text.find(part) != std::string_view::npos;
    };
    // Of the folder in the configuration, whole components.
    return has(path, "/lxc/") || has(path, "/lxc.payload.") ||
           (!cgroup_dir.empty() && has(std::string(path) + '/', '/' + std::string(cgroup_dir) + '/'));
}

/// Without slashes around it.
std::string_view bare(std::string_view path) {
    const std::size_t begin = path.find_first_not_of('/');
    return begin == std::string_view::npos ? std::string_view()
                                           : path.substr(begin, path.find_last_not_of('/') - begin + 1);
}

void check_cgroups(std::string_view cgroup_dir, std::string_view proc_cgroup) {
    bool is_container = false;
    for (std::string_view rest = proc_cgroup; rest.find('\n') != std::string_view::npos;) {
        std::string_view line = io::take_until(rest, '\n');
        for (int colons = 0; colons < 2; ++colons)
            static_cast<void>(io::take_until(line, ':'));
        is_container = is_container || has_container(line, bare(cgroup_dir));
    }
    require(discover::why_not_cgroups_of(user, cgroup_dir, empty_mounts, proc_cgroup).empty() != is_container,
            "a container's cgroup that is not the user's is refused", cgroup_dir);
}

} // namespace

/// The sampler takes figures from no cgroup of a process that is not refused, unless it is the user's.
void check_sampler(std::string_view cgroup_dir, std::string_view path) {
    static const sample::CgroupLayout layout(empty_mounts);
    const std::string line = "0::/" + std::string(path.substr(0, path.find('\n'))) + "\n";
    const bool is_refused = !discover::why_not_cgroups_of(user, cgroup_dir, empty_mounts, line).empty();
    for (const std::string_view name : {"web", "a", "1"})
        for (const auto& found : sample::container_directories(layout, line, name, cgroup_dir))
            require(is_refused || !found, "what the sampler takes is refused", line);
}

/// The first line is lxc.cgroup.dir.container.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text = fuzz::text_of(data, size);
    const std::string_view cgroup_dir = io::take_until(text, '\n');
    check_cgroups(cgroup_dir, text);
    check_sampler(cgroup_dir, text);
    for (const std::string_view path : {"0::/lxc/a\n", "3:cpu:/lxc.payload.a/b\n"})
        require(!discover::why_not_cgroups_of(user, cgroup_dir, text, path).empty(),
                "no mount makes a cgroup the user's", text);
    return 0;
}
