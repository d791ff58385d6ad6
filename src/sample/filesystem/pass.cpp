// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/filesystem/pass.hpp"

#include "io/clock.hpp"
#include "io/pidfd.hpp"
#include "sample/guard/time_budget.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <tuple>
#include <utility>

namespace lxcmon::sample {

void FilesystemPass::begin(std::int64_t monotonic_ns, std::chrono::nanoseconds interval) noexcept {
    monotonic_ns_ = monotonic_ns;
    interval_ = interval;
    safe_.clear();
    risky_.clear();
}

void FilesystemPass::add(const FilesystemScan& scan) {
    if (scan.filesystems->is_due(clock_.due_ns(), monotonic_ns_, interval_))
        safe_.push_back(scan);
    else if (scan.filesystems->needs_risky_scan() && !scan.filesystems->pauses(monotonic_ns_))
        risky_.push_back(scan); // left over from an earlier tick
}

void FilesystemPass::run(NamespaceHelper& helper, bool with_risky, PointBuffer& points) {
    if (!run_part(safe_, false, helper, points) || !with_risky)
        return;
    std::ranges::copy_if(safe_, std::back_inserter(risky_),
                         [](const FilesystemScan& scan) { return scan.filesystems->needs_risky_scan(); });
    run_part(risky_, true, helper, points);
}

bool FilesystemPass::run_part(std::vector<FilesystemScan>& due, bool risky, NamespaceHelper& helper,
                              PointBuffer& points) {
    std::ranges::sort(due, {}, [risky](const FilesystemScan& scan) {
        return std::tuple(scan.filesystems->may_hang(), scan.init_pid != 0,
                          scan.filesystems->last_scan_ns(risky));
    });
    requests_.clear();
    for (const FilesystemScan& scan : due) {
        NamespaceHelper::Request& request = requests_.emplace_back();
        request.ask.init_pid = scan.init_pid;
        request.init_pidfd = scan.init_pidfd;
        request.subject = scan.filesystems->place();
        scan.filesystems->prepare(request.ask, risky, monotonic_ns_);
    }
    TimeBudget budget(time_budget_);
    std::int64_t last_ns = io::now_ns(CLOCK_MONOTONIC);
    const auto take = [&](std::size_t index, NamespaceHelper::Outcome outcome, const FilesystemReply& reply) {
        const FilesystemScan& scan = due[index];
        const std::size_t before = points.size();
        const std::int64_t now_ns = io::now_ns(CLOCK_MONOTONIC);
        budget.spend(now_ns - std::exchange(last_ns, now_ns));
        scan.filesystems->take(
            outcome, reply, helper.hang(), now_ns,
            {scan.measurement, scan.tags, clock_.now(), devices_, points, host_, scan.managed});
        // If init has ended meanwhile, its pid may have been reused.
        if (scan.init_pid != 0 && !io::is_alive(scan.init_pidfd))
            points.truncate(before);
        return !budget.is_spent();
    };
    helper.scan_filesystems(requests_, std::ref(take)); // std::ref avoids an allocation
    return !budget.is_spent();
}

} // namespace lxcmon::sample
