// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "support/fixture.hpp"

#include "io/proc_pid.hpp"
#include "sample/cgroup/block_io.hpp"
#include "sample/cgroup/cpu.hpp"
#include "sample/cgroup/directories.hpp"
#include "sample/cgroup/hugetlb.hpp"
#include "sample/cgroup/limits_above.hpp"
#include "sample/cgroup/memory.hpp"
#include "sample/cgroup/pressure.hpp"
#include "sample/cgroup/reader.hpp"
#include "sample/cgroup/state.hpp"

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lxcmon::test {

/// State that all readers of a captured host share: its layout and the plan of files to read.
struct CapturedHost {
    /// `root_fd` is borrowed.
    explicit CapturedHost(int root)
        : root_fd(root)
        , layout(io::read_whole(root, "proc/self/mountinfo"))
        , plan(layout)
        , devices(root)
        , huge_pages(root) {
        huge_pages.refresh();
    }

    int root_fd;
    sample::CgroupLayout layout;
    sample::CgroupPlan plan;
    sample::DeviceNames devices;
    sample::HugePages huge_pages;
    io::FdBudget budget{1000};
    io::FileChanges changes;
    bool is_watching = false; ///< false: every file always counts as changed
    std::vector<char> buffer = std::vector<char>(128U << 10U);
};

/// Start time of this process, as the helper reads it; nullopt if the tree does not have it.
inline std::optional<std::int64_t> captured_start_ticks(int root_fd, const std::string& init_pid) {
    std::string stat;
    if (io::try_read_whole(root_fd, ("proc/" + init_pid + "/stat").c_str(), stat) != 0)
        return std::nullopt;
    return io::parse_start_ticks(stat);
}

/// All readers of one captured container's files, except its namespaces.
struct CapturedReaders {
    CapturedHost& host;
    std::vector<std::optional<std::string>> directories;
    sample::CgroupReader cgroups;
    sample::CpuSampler cpu;
    sample::BlockIoSampler block_io;
    sample::PressureSampler pressure;
    sample::HugetlbSampler hugetlb;
    sample::StateSampler state;
    sample::LimitsAbove limits_above;
    sample::LimitsAbove::Branches branches;

    CapturedReaders(CapturedHost& captured, const std::string& name, const std::string& init_pid)
        : host(captured)
        , directories(sample::container_directories(
              host.layout, io::read_whole(host.root_fd, "proc/" + init_pid + "/cgroup"), name, ""))
        , cgroups(host.plan, host.root_fd, directories, host.budget, changes())
        , cpu(files())
        , block_io(files())
        , pressure(files())
        , hugetlb(files(), host.huge_pages)
        , state(files())
        , limits_above(host.root_fd, {})
        , branches(limits_above.above(host.layout, directories)) {}

    [[nodiscard]] sample::ContainerFiles files() {
        return {host.root_fd, host.layout, directories, host.budget, Selection::everything(), changes()};
    }
    [[nodiscard]] io::FileChanges* changes() const noexcept {
        return host.is_watching ? &host.changes : nullptr;
    }
};

} // namespace lxcmon::test
