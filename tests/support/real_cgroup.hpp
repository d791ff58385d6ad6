// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sample/cgroup/layout.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

namespace lxcmon::test {

/// A test cgroup in each hierarchy of this machine.
class RealCgroup {
  public:
    explicit RealCgroup(const sample::CgroupLayout& layout)
        : name_("lxc.payload.lxcmon-test-" + std::to_string(::getpid())) {
        for (const sample::Hierarchy& each : layout.hierarchies()) {
            directories_.push_back("/" + each.mount_point + "/" + name_);
            std::filesystem::create_directory(directories_.back());
        }
    }
    ~RealCgroup() { remove(); }
    RealCgroup(const RealCgroup&) = delete;
    RealCgroup& operator=(const RealCgroup&) = delete;
    void remove() noexcept {
        for (const std::string& each : directories_)
            ::rmdir(each.c_str());
        directories_.clear();
    }
    /// The directories, in the form of container_directories().
    [[nodiscard]] std::vector<std::optional<std::string>> relative() const {
        std::vector<std::optional<std::string>> all;
        for (const std::string& each : directories_)
            all.emplace_back(each.substr(1));
        return all;
    }
    /// Moves this process into the directories; false if it can enter none (v1's cpuset has no CPUs).
    [[nodiscard]] bool enter() const {
        bool entered = false;
        for (const std::string& each : directories_) {
            std::ofstream procs(each + "/cgroup.procs");
            procs << ::getpid() << std::flush;
            entered = entered || procs.good();
        }
        return entered;
    }

  private:
    std::string name_;
    std::vector<std::string> directories_;
};

} // namespace lxcmon::test
