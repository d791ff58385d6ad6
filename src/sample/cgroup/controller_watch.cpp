// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/cgroup/controller_watch.hpp"

#include "io/kernel_file.hpp"

#include <sys/stat.h>

#include <string>

namespace lxcmon::sample {

ControllerWatch::ControllerWatch(int root_fd, std::string_view directory, io::FileChanges& changes)
    : root_fd_(root_fd)
    , directory_(directory)
    , parent_control_(changes.watch(root_fd, std::string(directory_.substr(0, directory_.rfind('/'))) +
                                                 "/cgroup.subtree_control"))
    , inodes_(inodes()) {
    parent_control_.will_be_read();
}

bool ControllerWatch::has_changed() {
    if (!parent_control_.is_watching() || !parent_control_.may_have_changed())
        return false;
    // A write is not yet a change: liblxc writes to this file at each start of a container.
    parent_control_.will_be_read();
    return inodes() != inodes_;
}

ControllerWatch::Inodes ControllerWatch::inodes() const {
    constexpr std::array<std::string_view, std::tuple_size_v<Inodes>> names{
        "cpu.max", "cpuset.cpus.effective", "io.stat", "memory.max", "pids.max"};
    Inodes found{};
    for (std::size_t index = 0; index < names.size(); ++index) {
        struct stat file {};
        const std::string path = io::FilePath(directory_, names[index]).text();
        if (::fstatat(root_fd_, path.c_str(), &file, 0) == 0)
            found[index] = file.st_ino;
    }
    return found;
}

} // namespace lxcmon::sample
