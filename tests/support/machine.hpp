// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "support/child.hpp"
#include "support/fixture.hpp"
#include "support/temp_tree.hpp"

#include "sample/sampler.hpp"

#include <fcntl.h>
#include <sched.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

namespace lxcmon::test {

/// A captured tree whose first container (`c` in the broken/ trees) has a live child of the test as its init,
/// with its own network and mount namespaces. Needs root.
class Machine {
  public:
    explicit Machine(const std::string& fixture = "broken/max")
        : fixture_(fixture)
        , tree_(fixture_.directory() / "root") {
        container_.id = 1;
        container_.lxcpath = "/var/lib/lxc";
        container_.name = captured().name;
        start();
    }
    void start() {
        const std::string before = init_ ? std::to_string(init_->pid()) : captured().init_pid;
        init_ = std::make_unique<Child>(CLONE_NEWNET | CLONE_NEWNS);
        std::filesystem::rename(tree_.path() / ("proc/" + before), tree_.path() / ("proc/" + pid()));
        container_.state = "RUNNING";
        container_.init_pid = init_->pid();
        container_.init_pidfd.reset(::fcntl(init_->pidfd(), F_DUPFD_CLOEXEC, 0));
        ++container_.incarnation;
    }
    void stop() {
        container_.state = "STOPPED";
        container_.init_pid = 0;
        container_.init_pidfd.reset();
    }
    [[nodiscard]] Child& init() noexcept { return *init_; }
    [[nodiscard]] std::string pid() const { return std::to_string(init_->pid()); }
    [[nodiscard]] const TempTree& tree() const noexcept { return tree_; }
    [[nodiscard]] Container& container() noexcept { return container_; }
    [[nodiscard]] sample::SampleSettings settings() const {
        sample::SampleSettings settings;
        settings.tags.host = "node";
        settings.root_fd = tree_.fd();
        settings.namespace_deadline = std::chrono::milliseconds(20'000);
        settings.scan_budget = settings.namespace_deadline;
        settings.links_wait = settings.namespace_deadline;
        // Tests must not depend on the other mounts of this machine.
        settings.fs_exclude = {"/?*"};
        settings.selection.remove("host_*");
        return settings;
    }

  private:
    [[nodiscard]] const CapturedContainer& captured() const { return fixture_.containers().front(); }

    Fixture fixture_;
    TempTree tree_;
    std::unique_ptr<Child> init_;
    Container container_;
};

} // namespace lxcmon::test
