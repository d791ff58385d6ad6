#include "sample/cgroup_processes.hpp"

#include "io/kernel_file.hpp"
#include "io/parse.hpp"

#include <dirent.h>
#include <fcntl.h>

#include <memory>
#include <string_view>

namespace lxcmon::sample {
namespace {

constexpr std::size_t most_cgroups = 1024;
constexpr int most_depth = 16;

struct Search {
    std::size_t most_pids;
    CgroupProcesses& found;
    std::string text; ///< room for a cgroup.procs
    std::size_t cgroups = 0;
};

/// One of a threaded cgroup can't be read: its domain's lists the processes.
void take_pids(int cgroup, Search& search) {
    // A limit of its own would be one more place that knows how long a line is: this is far beyond it.
    const std::size_t most_bytes = search.most_pids * 12;
    const int error = io::try_read_whole(cgroup, "cgroup.procs", search.text, most_bytes);
    search.found.is_cut = search.found.is_cut || error == EOVERFLOW;
    io::for_each_line(search.text, [&](std::string_view line) {
        const auto pid = io::parse_number<pid_t>(line);
        if (!pid || *pid <= 0) // 0: of a pid namespace that ours does not see
            return;
        if (search.found.pids.size() < search.most_pids)
            search.found.pids.push_back(*pid);
        else
            search.found.is_cut = true;
    });
}

void visit(io::UniqueFd cgroup, int depth, Search& search) {
    if (depth > most_depth || ++search.cgroups > most_cgroups) {
        search.found.is_cut = true;
        return;
    }
    take_pids(cgroup.get(), search);
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::fdopendir(cgroup.get()), &::closedir);
    if (!folder)
        return;
    const int fd = cgroup.release(); // the folder's from now on
    while (const dirent* entry = ::readdir(folder.get())) {
        // Not all that begin with a point: lxc-attach puts processes into ".lxc".
        const std::string_view name = entry->d_name;
        if (entry->d_type != DT_DIR || name == "." || name == "..")
            continue;
        if (io::UniqueFd below = io::open_below(fd, entry->d_name, O_DIRECTORY | O_NOFOLLOW))
            visit(std::move(below), depth + 1, search);
    }
}

} // namespace

void list_processes(int root_fd, const std::string& directory, std::size_t most, CgroupProcesses& found) {
    found.pids.clear();
    found.is_cut = false;
    Search search{most, found, {}};
    if (io::UniqueFd top = io::open_below(root_fd, directory.c_str(), O_DIRECTORY))
        visit(std::move(top), 0, search);
}

} // namespace lxcmon::sample
