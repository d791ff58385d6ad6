// SPDX-License-Identifier: GPL-2.0-or-later
// /proc/PID/stat, statm, io and status, cgroup.procs, and the sums of what several scans found.
#include "fuzz/support.hpp"

#include "io/proc_pid.hpp"
#include "sample/process/command_totals.hpp"
#include "sample/process/list.hpp"
#include "support/temp_folder.hpp"

#include <fcntl.h>

#include <array>
#include <map>

using namespace lxcmon;
using fuzz::require;

namespace {

io::ProcessStats parsed(std::string_view text) {
    io::ProcessStats stats;
    io::parse_process_io(text, stats);
    io::parse_process_statm(text, stats);
    if (io::parse_process_stat(text, stats)) {
        require(!stats.command().empty() && stats.command().size() <= io::ProcessStats::most_name_bytes,
                "a name within bounds");
        require(stats.cpu_ticks >= 0 && stats.threads >= 0 && stats.start_ticks >= 0, "no negative count");
        require(io::parse_start_ticks(text) == stats.start_ticks, "one start time");
        stats.pid = 1;
    }
    require(stats.read_bytes.value_or(0) >= 0 && stats.write_bytes.value_or(0) >= 0, "no negative bytes");
    require(!stats.rss_pages || *stats.rss_pages > 0, "no empty process");
    require(stats.rss_pages.has_value() == stats.data_pages.has_value(), "all of the memory or nothing");
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
        if (data.ConsumeBool())
            stats.shared_pages = stats.text_pages = stats.data_pages = count();
        if (data.ConsumeBool())
            stats.read_syscalls = stats.write_syscalls = stats.read_syscall_bytes =
                stats.write_syscall_bytes = count();
        processes[stats.pid] = stats;
    }
    std::vector<io::ProcessStats> list;
    for (const auto& each : processes)
        list.push_back(each.second);
    return list;
}

void check_totals(FuzzedDataProvider& data) {
    sample::SeriesNames names(2);
    sample::CommandTotals totals(data.ConsumeIntegralInRange<std::int64_t>(0, 3), names, 3);
    std::map<std::string, sample::CommandTotals::Command> before;
    for (std::int64_t scan = 1; scan < 8 && data.remaining_bytes() > 0; ++scan) {
        totals.take(scanned(data), scan);
        require(totals.known_processes() <= 4, "ended processes are forgotten");
        for (const auto* entry : totals.top(2, scan)) {
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

/// Other lines, before and after, change nothing.
void check_status(std::string_view text) {
    static_cast<void>(io::is_kill_pending(text));
    require(io::pid_namespaces(text) <= text.size(), "namespaces within the text");
    const auto other = [&](std::string_view part) {
        return text.find("NSpid:") == std::string_view::npos && text.find("Uid:") == std::string_view::npos &&
                       text.find("Pnd:") == std::string_view::npos
                   ? std::string(part)
                   : std::string();
    };
    const std::string status =
        other(text) + "\nUid:\t7\t7\t7\t7\nNSpid:\t9\t1\nShdPnd:\t0000000000000100\n" + other(text);
    require(io::runs_as(7, status) && !io::runs_as(8, status), "user ids", status);
    require(io::pid_namespaces(status) == 2, "pid namespaces", status);
    require(io::is_kill_pending(status), "a pending signal", status);
}

/// A folder of a cgroup, with this list of its processes.
void check_list(std::string_view text) {
    static const test::TempFolder folder("/dev/shm");
    static const io::UniqueFd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    folder.write("cgroup.procs", text);
    std::array<char, 4096> buffer{};
    std::vector<pid_t> pids;
    static_cast<void>(
        sample::list_processes(root.get(), folder.path("").c_str() + 1, {.processes = 10}, buffer, pids));
    require(pids.size() <= 10, "a bounded list");
    for (std::size_t at = 0; at < pids.size(); ++at) {
        require(pids[at] > (at == 0 ? 0 : pids[at - 1]), "sorted pids, each once");
        require(text.find(std::to_string(pids[at])) != std::string_view::npos, "no pid is invented");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static_cast<void>(parsed(fuzz::text_of(data, size)));
    check_status(fuzz::text_of(data, size));
    check_list(fuzz::text_of(data, size));
    FuzzedDataProvider provider(data, size);
    check_totals(provider);
    return 0;
}
