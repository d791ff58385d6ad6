// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/helper_watch.hpp"

#include "io/worker_process.hpp"

#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace lxcmon::app {
namespace {

using HelperClock = std::chrono::steady_clock;

/// A process that still exists this long after SIGKILL waits in the kernel.
constexpr std::chrono::seconds stuck_after{2};

/// What has been logged.
struct HelperLog {
    std::map<pid_t, std::string> stuck; ///< kinds
    std::map<std::string, std::string, std::less<>> failures;
};

HelperLog& helper_log() {
    static HelperLog log;
    return log;
}

std::vector<pid_t> pids_not_ended() {
    std::vector<pid_t> pids;
    for (const io::UnreapedWorker& each : io::WorkerProcess::not_reaped())
        pids.push_back(each.pid);
    return pids;
}

void report_new_stuck(const io::UnreapedWorker& worker) {
    if (HelperClock::now() - worker.killed_at < stuck_after ||
        !helper_log().stuck.try_emplace(worker.pid, worker.kind).second)
        return;
    spdlog::warn(
        "helper process {} (pid {}{}{}) can't be ended: it waits in the kernel, for example for a FUSE "
        "server; no other helper goes there until it ends",
        worker.kind, worker.pid, worker.subject.empty() ? "" : ", sent to ", worker.subject);
}

void report_ended(const std::vector<pid_t>& not_ended) {
    std::erase_if(helper_log().stuck, [&](const auto& item) {
        if (std::ranges::find(not_ended, item.first) != not_ended.end())
            return false;
        spdlog::info("helper process {} (pid {}) has ended", item.second, item.first);
        return true;
    });
}

void report_failures() {
    const auto& now = io::WorkerProcess::start_failures();
    auto& before = helper_log().failures;
    for (const auto& [kind, reason] : now)
        if (const auto known = before.find(kind); known == before.end() || known->second != reason)
            spdlog::warn("no helper process {} can be started: {}; its metrics are left out", kind, reason);
    for (const auto& item : before)
        if (!now.contains(item.first))
            spdlog::info("helper processes {} can be started again", item.first);
    if (now != before)
        before = now;
}

} // namespace

void report_helpers() {
    for (const io::UnreapedWorker& each : io::WorkerProcess::not_reaped())
        report_new_stuck(each);
    if (!helper_log().stuck.empty())
        report_ended(pids_not_ended());
    report_failures();
}

void report_earlier_helpers() {
    io::WorkerProcess::find_earlier();
    const std::vector<pid_t> pids = pids_not_ended();
    for (const io::UnreapedWorker& each : io::WorkerProcess::not_reaped())
        helper_log().stuck.try_emplace(each.pid, each.kind);
    if (!pids.empty())
        spdlog::warn(
            "{} helper processes of an earlier run can't be ended and count towards TasksMax= (pids {}): "
            "they wait in the kernel, for example for a FUSE server",
            pids.size(), fmt::join(pids, ", "));
}

void report_helpers_at_end() {
    io::WorkerProcess::reap();
    const std::vector<pid_t> pids = pids_not_ended();
    if (!pids.empty())
        spdlog::warn("{} helper processes can't be ended and outlive the agent (pids {}): they wait in the "
                     "kernel, for example for a FUSE server, and end when it answers or is aborted",
                     pids.size(), fmt::join(pids, ", "));
}

} // namespace lxcmon::app
