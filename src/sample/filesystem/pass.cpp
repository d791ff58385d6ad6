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

void FilesystemRound::begin(std::int64_t wall_ns, std::int64_t monotonic_ns,
                            std::chrono::nanoseconds interval) noexcept {
    wall_ns_ = wall_ns;
    monotonic_ns_ = monotonic_ns;
    interval_ = interval;
    safe_.clear();
    risky_.clear();
}

void FilesystemRound::add(const FilesystemLook& look) {
    if (look.watch->is_due(wall_ns_, monotonic_ns_, interval_))
        safe_.push_back(look);
    else if (look.watch->owes_risky() && !look.watch->pauses(monotonic_ns_))
        risky_.push_back(look); // left over from another tick
}

void FilesystemRound::run(NamespaceHelper& helper, bool with_risky, PointBuffer& points) {
    if (!run_part(safe_, false, helper, points) || !with_risky)
        return;
    std::ranges::copy_if(safe_, std::back_inserter(risky_),
                         [](const FilesystemLook& look) { return look.watch->owes_risky(); });
    run_part(risky_, true, helper, points);
}

bool FilesystemRound::run_part(std::vector<FilesystemLook>& due, bool risky, NamespaceHelper& helper,
                               PointBuffer& points) {
    std::ranges::sort(due, {}, [risky](const FilesystemLook& look) {
        return std::tuple(look.watch->may_hang(), look.watch->last_look_ns(risky));
    });
    requests_.clear();
    for (const FilesystemLook& look : due) {
        NamespaceHelper::Request& request = requests_.emplace_back();
        request.ask.init_pid = look.init_pid;
        request.init_pidfd = look.init_pidfd;
        look.watch->prepare(request.ask, risky, monotonic_ns_);
    }
    TimeBudget budget(most_);
    std::int64_t last_ns = io::now_ns(CLOCK_MONOTONIC);
    const auto take = [&](std::size_t index, NamespaceHelper::Outcome outcome, const FilesystemReply& reply) {
        const FilesystemLook& look = due[index];
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
