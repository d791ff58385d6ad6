// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/process/list.hpp"

#include "io/kernel_file.hpp"
#include "io/parse.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace lxcmon::sample {
namespace {

class Walk {
  public:
    Walk(const WalkBounds& bounds, std::span<char> buffer, std::vector<pid_t>& pids) noexcept
        : bounds_(bounds)
        , buffer_(buffer)
        , pids_(pids) {}

    /// Lists the cgroup whose folder is open and all cgroups below it.
    void visit(const io::UniqueFd& folder, std::size_t depth) {
        ++cgroups_;
        take_processes(folder.get());
        struct stat place {};
        // kernfs counts subfolders as links. Most cgroups have none and need not be listed.
        if (::fstat(folder.get(), &place) != 0 || place.st_nlink == 2)
            return;
        alignas(dirent64) std::array<char, 4096> entries{};
        long length = 0;
        while ((length = ::syscall(SYS_getdents64, folder.get(), entries.data(), entries.size())) > 0)
            io::for_each_entry(std::span<const char>(entries).first(static_cast<std::size_t>(length)),
                               [&](unsigned char type, const char* name) {
                                   if (type == DT_DIR && std::strcmp(name, ".") != 0 &&
                                       std::strcmp(name, "..") != 0)
                                       descend(folder.get(), name, depth + 1);
                               });
    }
    [[nodiscard]] bool is_whole() const noexcept { return is_whole_; }

  private:
    void descend(int parent, const char* name, std::size_t depth) {
        if (depth > bounds_.depth || cgroups_ >= bounds_.cgroups) {
            is_whole_ = false;
            return;
        }
        const io::UniqueFd folder = io::open_below(parent, name, O_DIRECTORY | O_NOFOLLOW);
        if (folder)
            visit(folder, depth);
    }

    void take_processes(int folder) {
        const io::ReadResult procs = io::read_once(folder, "cgroup.procs", buffer_, io::Pieces::pages);
        // A threaded cgroup of v2 returns EOPNOTSUPP: its processes are listed in its parent.
        is_whole_ = is_whole_ && procs.error != EOVERFLOW;
        io::for_each_line(procs.text, [this](std::string_view line) {
            const auto pid = io::parse_number<pid_t>(line);
            // 0: the process is in a pid namespace that the agent cannot see.
            if (!pid || *pid <= 0)
                return;
            if (pids_.size() < bounds_.processes)
                pids_.push_back(*pid);
            else
                is_whole_ = false;
        });
    }

    const WalkBounds& bounds_;
    std::span<char> buffer_;
    std::vector<pid_t>& pids_;
    std::size_t cgroups_ = 0;
    bool is_whole_ = true;
};

} // namespace

std::optional<std::size_t> process_hierarchy(const CgroupLayout& layout,
                                             const std::vector<std::optional<std::string>>& directories) {
    const auto is_there = [&](std::optional<std::size_t> index) { return index && directories[*index]; };
    for (const std::string_view controller : {"pids", "freezer", "devices", "cpu", "name=systemd"})
        if (const auto index = layout.find_v1(controller); is_there(index))
            return index;
    if (const auto index = layout.find_v2(); is_there(index))
        return index;
    return std::nullopt;
}

bool list_processes(int root_fd, const char* directory, const WalkBounds& bounds, std::span<char> buffer,
                    std::vector<pid_t>& pids) {
    pids.clear();
    Walk walk(bounds, buffer, pids);
    const io::UniqueFd folder = io::open_below(root_fd, directory, O_DIRECTORY);
    if (folder)
        walk.visit(folder, 0);
    std::ranges::sort(pids);
    pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
    return walk.is_whole();
}

} // namespace lxcmon::sample
