// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/cgroup/state.hpp"

#include "io/clock.hpp"
#include "io/parse.hpp"

namespace lxcmon::sample {
namespace {

constexpr std::int64_t nsec_per_sec = 1'000'000'000;

void set_managed(const Managed& managed, Readings& readings) noexcept {
    if (!managed.lock.empty())
        readings.set(field_id("lxc_state", "lock"), std::string_view(managed.lock));
    if (!managed.tags.empty())
        readings.set(field_id("lxc_state", "tags"), std::string_view(managed.tags));
    if (managed.onboot)
        readings.set(field_id("lxc_state", "onboot"), *managed.onboot);
    if (managed.is_template)
        readings.set(field_id("lxc_state", "template"), *managed.is_template);
    if (managed.cores)
        readings.set(field_id("lxc_state", "cores"), *managed.cores);
}

void set_common(const Container& container, std::string_view state, bool running, bool frozen,
                Readings& readings) noexcept {
    readings.set(field_id("lxc_state", "state"), state);
    readings.set(field_id("lxc_state", "running"), running);
    readings.set(field_id("lxc_state", "frozen"), frozen);
    readings.set(field_id("lxc_state", "restarts"), container.restarts);
    if (container.managed != nullptr)
        set_managed(*container.managed, readings);
}

} // namespace

bool parse_frozen_v1(std::string_view text) noexcept {
    return text == "FROZEN\n";
}

bool parse_frozen_v2(std::string_view text) noexcept {
    bool frozen = false;
    io::for_each_line(text, [&](std::string_view line) { frozen = frozen || line == "frozen 1"; });
    return frozen;
}

StateSampler::StateSampler(const ContainerFiles& files) {
    if (!files.selection.has_any(fields_of("lxc_state")))
        return;
    freezer_v1_ = files.v1("freezer", "freezer.state");
    events_v2_ = files.watched_v2("cgroup.events");
}

void StateSampler::sample(std::span<char> buffer, const Container& container,
                          std::optional<std::int64_t> start_ticks, std::int64_t boottime_ns,
                          Readings& readings) noexcept {
    // liblxc freezes through v1's freezer if it is mounted, else through cgroup.freeze.
    if (may_have_changed(events_v2_))
        frozen_v2_ = parse_frozen_v2(text_of(events_v2_, buffer));
    const bool frozen = frozen_v2_ || parse_frozen_v1(text_of(freezer_v1_, buffer));
    set_common(container, frozen ? std::string_view("FROZEN") : container.state, true, frozen, readings);
    readings.set(field_id("lxc_state", "init_pid"), std::int64_t{container.init_pid});
    std::int64_t start_ns = 0;
    if (start_ticks && !__builtin_mul_overflow(*start_ticks, io::user_hz_tick_nsec(), &start_ns) &&
        start_ns >= 0 && boottime_ns >= start_ns)
        readings.set(field_id("lxc_state", "uptime_sec"), (boottime_ns - start_ns) / nsec_per_sec);
}

void sample_stopped(const Container& container, std::string_view state, Readings& readings) noexcept {
    set_common(container, state, false, false, readings);
}

} // namespace lxcmon::sample
