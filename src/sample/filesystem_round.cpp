#include "sample/filesystem_round.hpp"

#include "io/clock.hpp"
#include "io/pidfd.hpp"
#include "sample/time_budget.hpp"

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

namespace lxcmon::sample {

void FilesystemRound::begin(std::int64_t wall_ns, std::int64_t monotonic_ns,
                            std::chrono::nanoseconds interval) noexcept {
    wall_ns_ = wall_ns;
    monotonic_ns_ = monotonic_ns;
    interval_ = interval;
    due_.clear();
}

void FilesystemRound::add(const FilesystemLook& look) {
    if (look.watch->is_due(wall_ns_, monotonic_ns_, interval_))
        due_.push_back(look);
}

void FilesystemRound::run(NamespaceHelper& helper, bool with_risky, PointBuffer& points) {
    std::ranges::sort(due_, {}, [](const FilesystemLook& look) {
        return std::tuple(look.watch->may_hang(), look.watch->last_look_ns());
    });
    if (!run_part(false, helper, points) || !with_risky)
        return;
    std::erase_if(due_, [](const FilesystemLook& look) { return !look.watch->owes_risky(); });
    run_part(true, helper, points);
}

bool FilesystemRound::run_part(bool risky, NamespaceHelper& helper, PointBuffer& points) {
    requests_.clear();
    for (const FilesystemLook& look : due_) {
        NamespaceHelper::Request& request = requests_.emplace_back();
        request.ask.init_pid = look.init_pid;
        request.init_pidfd = look.init_pidfd;
        look.watch->prepare(request.ask, risky, monotonic_ns_);
    }
    TimeBudget budget(helper.deadline());
    std::int64_t last_ns = io::now_ns(CLOCK_MONOTONIC);
    const auto take = [&](std::size_t index, NamespaceHelper::Outcome outcome, const FilesystemReply& reply) {
        const FilesystemLook& look = due_[index];
        const std::size_t before = points.size();
        const std::int64_t now_ns = io::now_ns(CLOCK_MONOTONIC);
        budget.spend(now_ns - std::exchange(last_ns, now_ns));
        look.watch->take(outcome, reply, helper.hang(), now_ns,
                         {look.measurement, look.tags, wall_ns_, points});
        // It ended meanwhile: its pid may already be another's.
        if (look.init_pid != 0 && !io::is_alive(look.init_pidfd))
            points.truncate(before);
        return !budget.is_spent();
    };
    helper.look_at_filesystems(requests_, std::ref(take)); // a reference, so that nothing is allocated
    return !budget.is_spent();
}

} // namespace lxcmon::sample
