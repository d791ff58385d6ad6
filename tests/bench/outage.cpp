// SPDX-License-Identifier: GPL-2.0-or-later
// A long outage by simulation: generated points go to a spool as fast as they can, and drain from it.
//   outage FOLDER [CONTAINERS [TICKS [MAX_GIB]]]     default: a day (8640 ticks of 10 s) of 1000 containers
// Prints what the spool takes, what it costs, how long draining takes, and how long live points wait
// meanwhile.
#include "bench/generated_points.hpp"
#include "deliver/target.hpp"
#include "spool/spool.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

using namespace lxcmon;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::int64_t interval_ns = 10'000'000'000;

double seconds_since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

double cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

long most_resident_kib() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/// A server that takes 20 us a line, as InfluxDB 1.x on a small machine does, and notes how long live points
/// waited.
class TimedSink final : public deliver::Sink {
  public:
    deliver::Verdict send(std::string_view lines) override {
        std::this_thread::sleep_for(std::chrono::microseconds(lines.size() / 20));
        const bool live = lines.find("live ") == 0;
        (live ? live_sent : backlog_lines) +=
            live ? 1 : static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
        if (live)
            note_delay(std::chrono::duration<double>(Clock::now() - pushed_at.load()).count());
        return {};
    }
    void set_deadline(Clock::time_point) noexcept override {}
    std::vector<Finding> probe() override { return {}; }
    std::string name() const override { return "simulated"; }

    void note_delay(double seconds) { worst_delay_sec = std::max(worst_delay_sec.load(), seconds); }

    std::atomic<std::uint64_t> live_sent{0}, backlog_lines{0};
    std::atomic<Clock::time_point> pushed_at{Clock::now()};
    std::atomic<double> worst_delay_sec{0};
};

void fill(const std::string& folder, std::size_t containers, std::size_t ticks, std::uint64_t max_bytes) {
    bench::GeneratedPoints points(containers);
    std::int64_t now_ns = 1'790'000'000'000'000'000;
    spool::Settings settings;
    settings.folder = folder;
    settings.max_bytes = max_bytes;
    spool::Spool spool(settings);
    std::uint64_t lines = 0, bytes = 0;
    double spool_cpu = 0;
    const auto begin = Clock::now();
    for (std::size_t tick = 0; tick < ticks; ++tick, now_ns += interval_ns) {
        const auto batches = points.tick(now_ns);
        const double before = cpu_seconds();
        for (const Batch& batch : batches) {
            lines += batch.lines;
            bytes += batch.body.size();
            if (const auto appended = spool.append(batch); !appended.entry) {
                fmt::print("FAILED: {}\n", appended.why);
                std::exit(1);
            }
            spool.tidy();
        }
        spool_cpu += cpu_seconds() - before;
    }
    const auto count = static_cast<double>(lines);
    fmt::print("outage: {} containers, {} ticks of 10 s: {} points, {:.1f} MiB of line protocol\n",
               containers, ticks, lines, static_cast<double>(bytes) / 1048576);
    fmt::print("  on disk: {:.1f} MiB ({:.1f} bytes a point), {} points dropped by the bound of {:.1f} GiB\n",
               static_cast<double>(spool.bytes()) / 1048576,
               static_cast<double>(spool.bytes()) / (count - static_cast<double>(spool.dropped_lines())),
               spool.dropped_lines(), static_cast<double>(max_bytes) / 1073741824);
    fmt::print("  writing: {:.2f} us of CPU a point, {:.0f} ms a tick; {:.0f} s in all\n",
               spool_cpu * 1e6 / count, spool_cpu * 1e3 / static_cast<double>(ticks), seconds_since(begin));
}

/// Reads all of it as fast as it goes, or a part, with nobody at the other end.
void read_speed(const std::string& folder) {
    spool::Settings settings;
    settings.folder = folder;
    spool::Spool spool(settings);
    if (const auto wrong = spool.open()) {
        fmt::print("FAILED: {}\n", *wrong);
        std::exit(1);
    }
    std::uint64_t lines = 0;
    const double before = cpu_seconds();
    const auto begin = Clock::now();
    while (const Batch* batch = spool.begin()) {
        lines += batch->lines;
        spool.keep();
        if (lines > 1'000'000 || seconds_since(begin) > 20)
            break;
        spool.accept();
    }
    fmt::print("  reading: {:.2f} us of CPU a point, {:.0f} points/s at most\n",
               (cpu_seconds() - before) * 1e6 / static_cast<double>(lines),
               static_cast<double>(lines) / seconds_since(begin));
}

void drain(const std::string& folder, double seconds) {
    auto owned = std::make_unique<TimedSink>();
    TimedSink& sink = *owned;
    deliver::TargetSettings settings;
    settings.spool.emplace();
    settings.spool->folder = folder;
    deliver::Target target(std::move(owned), settings);
    target.start();
    const std::uint64_t before = target.status().spool_points;
    const auto begin = Clock::now();
    while (seconds_since(begin) < seconds && target.status().spool_points != 0) {
        sink.pushed_at = Clock::now();
        target.push({"live v=1 1\n", 1});
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
    const double took = seconds_since(begin);
    const double rate = static_cast<double>(sink.backlog_lines) / took;
    fmt::print("  draining: {:.0f} points/s of the backlog, so {:.0f} min for all of it; live points waited "
               "{:.0f} ms at most\n",
               rate, static_cast<double>(before) / rate / 60, sink.worst_delay_sec * 1e3);
    static_cast<void>(target.stop(std::chrono::milliseconds(0)));
}

} // namespace

int main(int count, char** arguments) {
    if (count < 2) {
        fmt::print(stderr, "usage: outage FOLDER [CONTAINERS [TICKS [MAX_GIB]]]; FOLDER must be empty\n");
        return 2;
    }
    spdlog::set_level(spdlog::level::warn);
    const auto number = [&](int index, std::size_t other) {
        return count > index ? std::strtoull(arguments[index], nullptr, 10) : other;
    };
    const std::string folder = arguments[1];
    fill(folder, number(2, 1000), number(3, 8640), number(4, 1) << 30U);
    drain(folder, 20);
    read_speed(folder);
    fmt::print("  memory: {} KiB resident at most\n", most_resident_kib());
    return 0;
}
