#include "sample/cgroup/controller_watch.hpp"

#include "io/kernel_file.hpp"

#include <sys/stat.h>

#include <string>

namespace lxcmon::sample {

ControllerWatch::ControllerWatch(int root_fd, std::string_view directory, io::FileChanges& changes)
    : root_fd_(root_fd)
    , directory_(directory)
    , above_(changes.watch(root_fd, std::string(directory_.substr(0, directory_.rfind('/'))) +
                                        "/cgroup.subtree_control"))
    , inodes_(inodes()) {
    above_.will_be_read();
}

bool ControllerWatch::has_changed() {
    if (!above_.is_watching() || !above_.may_have_changed())
        return false;
    // Written to is not changed: liblxc writes there at each start of a container.
    above_.will_be_read();
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
