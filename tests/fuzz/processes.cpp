// SPDX-License-Identifier: GPL-2.0-or-later
// /proc/PID/stat, statm and io, and the sums of what several scans found.
#include "fuzz/support.hpp"

#include "io/proc_pid.hpp"
#include "sample/process/command_totals.hpp"

#include <map>

using namespace lxcmon;
using fuzz::require;

namespace {

io::ProcessStats parsed(std::string_view text) {
    io::ProcessStats stats;
    io::parse_process_io(text, stats);
    stats.rss_pages = io::parse_process_statm(text);
    if (io::parse_process_stat(text, stats)) {
        require(!stats.command().empty() && stats.command().size() <= io::ProcessStats::most_name_bytes,
                "a name within bounds");
        require(stats.cpu_ticks >= 0 && stats.threads >= 0 && stats.start_ticks >= 0, "no negative count");
        require(io::parse_start_ticks(text) == stats.start_ticks, "one start time");
        stats.pid = 1;
    }
    require(stats.read_bytes.value_or(0) >= 0 && stats.write_bytes.value_or(0) >= 0, "no negative bytes");
    require(!stats.rss_pages || *stats.rss_pages > 0, "no empty process");
    return stats;
}

/// A scan of processes with few names and pids, so that they end, come again and change names.
std::vector<io::ProcessStats> scanned(FuzzedDataProvider& data) {
    std::map<pid_t, io::ProcessStats> processes;
    for (int left = data.ConsumeIntegralInRange(0, 6); left > 0; --left) {
        io::ProcessStats stats;
        stats.pid = data.ConsumeIntegralInRange(1, 4);
        stats.name_bytes = data.ConsumeIntegralInRange(1U, 2U);
        stats.name = {data.PickValueInArray({'a', 'b', '\xff'}), 'x'};
        stats.start_ticks =
            data.ConsumeBool() ? data.ConsumeIntegralInRange(0, 3) : data.ConsumeIntegral<std::int64_t>();
        const auto count = [&] {
            return data.ConsumeIntegralInRange<std::int64_t>(0, data.ConsumeBool() ? 1000 : INT64_MAX);
        };
        stats.cpu_ticks = count();
        stats.threads = count();
        if (data.ConsumeBool())
            stats.rss_pages = count();
        if (data.ConsumeBool())
            stats.read_bytes = count();
        if (data.ConsumeBool())
            stats.write_bytes = count();
        processes[stats.pid] = stats;
    }
    std::vector<io::ProcessStats> list;
    for (const auto& each : processes)
        list.push_back(each.second);
    return list;
}

void check_totals(FuzzedDataProvider& data) {
    sample::CommandTotals totals(data.ConsumeIntegralInRange<std::int64_t>(0, 3), {.kept = 3, .sent = 2});
    std::map<std::string, sample::CommandTotals::Command> before;
    for (std::int64_t scan = 1; scan < 8 && data.remaining_bytes() > 0; ++scan) {
        totals.take(scanned(data), scan);
        require(totals.known_processes() <= 4, "ended processes are forgotten");
        for (const auto* entry : totals.top(2)) {
            const auto& [name, now] = *entry;
            const auto old = before.find(name);
            require(old == before.end() ||
                        (now.cpu_ticks >= old->second.cpu_ticks && now.read_bytes >= old->second.read_bytes &&
                         now.write_bytes >= old->second.write_bytes),
                    "a command's counters never fall", name);
            before[name] = now;
            Readings readings;
            sample::set_command(now, readings);
        }
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static_cast<void>(parsed(fuzz::text_of(data, size)));
    FuzzedDataProvider provider(data, size);
    check_totals(provider);
    return 0;
}
