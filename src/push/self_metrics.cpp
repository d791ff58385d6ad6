// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/self_metrics.hpp"

#include "io/clock.hpp"
#include "io/kernel_file.hpp"
#include "io/parse.hpp"
#include "io/worker_process.hpp"
#include "model/field_table.hpp"
#include "model/readings.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <ctime>
#include <string_view>
#include <vector>

namespace lxcmon::push {
namespace {

constexpr std::int64_t nsec_per_usec = 1000;

consteval FieldId own(std::string_view name) {
    return field_id("lxcmon_push", name);
}

std::int64_t usec_of(const timeval& time) noexcept {
    return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_usec;
}

std::int64_t own_cpu_usec(pid_t process) noexcept {
    clockid_t clock = 0;
    return process > 0 && ::clock_getcpuclockid(process, &clock) == 0 ? io::now_ns(clock) / nsec_per_usec : 0;
}

/// Includes helpers that have ended, reaped or not, so the sum never decreases.
std::optional<std::int64_t> cpu_usec_of(std::span<const pid_t> helper_pids) noexcept {
    std::int64_t usec = io::now_ns(CLOCK_PROCESS_CPUTIME_ID) / nsec_per_usec;
    rusage ended{};
    if (::getrusage(RUSAGE_CHILDREN, &ended) == 0)
        usec += usec_of(ended.ru_utime) + usec_of(ended.ru_stime);
    for (const pid_t helper : helper_pids)
        usec += own_cpu_usec(helper);
    for (const io::UnreapedWorker& each : io::WorkerProcess::not_reaped())
        if (!each.earlier)
            usec += own_cpu_usec(each.pid);
    return usec;
}

std::optional<std::int64_t> rss_of(pid_t process) noexcept {
    std::array<char, 32> path{};
    std::snprintf(path.data(), path.size(), "/proc/%d/statm", process);
    std::array<char, 256> buffer{};
    std::string_view rest = io::read_once(AT_FDCWD, path.data(), buffer).text;
    static_cast<void>(io::take_until(rest, ' '));
    const auto pages =
        io::parse_number<std::int64_t>(io::take_until(rest, ' ')); // the second number: resident pages
    if (!pages)
        return std::nullopt;
    return *pages * ::sysconf(_SC_PAGESIZE);
}

std::vector<Tag> own_tags(const app::CollectSettings& settings) {
    std::vector<Tag> tags{{"host", settings.sample.tags.host}};
    for (const auto& [key, value] : settings.sample.tags.user)
        tags.push_back({key, value});
    return tags;
}

} // namespace

ProcessCosts process_costs(std::span<const pid_t> helper_pids) {
    ProcessCosts costs;
    costs.cpu_usec = cpu_usec_of(helper_pids);
    costs.rss_bytes = rss_of(::getpid());
    for (const pid_t pid : helper_pids)
        if (const auto helper = pid > 0 ? rss_of(pid) : std::nullopt; helper && costs.rss_bytes)
            *costs.rss_bytes += *helper;
    return costs;
}

void add_self_point(const SelfMetrics& metrics, const deliver::Target::Status& delivery,
                    const ProcessCosts& costs, const app::CollectSettings& settings, std::int64_t time_ns,
                    PointBuffer& points) {
    Readings readings;
    const auto set = [&](FieldId id, std::optional<std::int64_t> value) {
        if (value)
            readings.set(id, *value);
    };
    set(own("containers"), clamped(metrics.containers));
    set(own("points"), clamped(metrics.points));
    set(own("tick_usec"), metrics.tick_usec);
    set(own("missed_ticks"), metrics.missed_ticks);
    set(own("sample_errors"), clamped(metrics.sample_errors));
    set(own("queue_points"), clamped(delivery.queue_points));
    set(own("spool_bytes"), clamped(delivery.spool_bytes));
    set(own("delivered_points"), clamped(delivery.counts.delivered_points));
    set(own("rejected_points"), clamped(delivery.counts.rejected_points));
    set(own("dropped_points"), clamped(delivery.counts.dropped_points));
    set(own("retries"), clamped(delivery.counts.retries));
    if (delivery.counts.last_status != 0) // no answer yet
        set(own("last_status"), delivery.counts.last_status);
    set(own("cpu_usec"), costs.cpu_usec);
    set(own("rss_bytes"), costs.rss_bytes);
    readings.emit(fields_of("lxcmon_push"), own_tags(settings), {}, time_ns, points);
}

} // namespace lxcmon::push
