// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/process/reader.hpp"

#include "io/kernel_file.hpp"
#include "sample/helper/progress.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>
#include <type_traits>

namespace lxcmon::sample {

static_assert(std::is_trivially_copyable_v<ProcessRequest> && std::is_trivially_copyable_v<ProcessReply>);

namespace {

using OptionalCount = std::optional<std::int64_t> io::ProcessStats::*;

constexpr std::array<OptionalCount, std::tuple_size_v<decltype(ProcessEntry::optional_counts)>>
    optional_members{&io::ProcessStats::rss_pages,          &io::ProcessStats::shared_pages,
                     &io::ProcessStats::text_pages,         &io::ProcessStats::data_pages,
                     &io::ProcessStats::read_bytes,         &io::ProcessStats::write_bytes,
                     &io::ProcessStats::read_syscalls,      &io::ProcessStats::write_syscalls,
                     &io::ProcessStats::read_syscall_bytes, &io::ProcessStats::write_syscall_bytes};

} // namespace

ProcessEntry ProcessEntry::of(const io::ProcessStats& stats) noexcept {
    ProcessEntry entry{stats.pid,       stats.name_bytes, stats.name, stats.start_ticks,
                       stats.cpu_ticks, stats.threads,    {}};
    for (std::size_t at = 0; at < optional_members.size(); ++at)
        entry.optional_counts[at] = (stats.*optional_members[at]).value_or(-1);
    return entry;
}

io::ProcessStats ProcessEntry::stats() const noexcept {
    io::ProcessStats stats;
    stats.pid = pid;
    stats.name = name;
    stats.name_bytes = std::min<std::uint32_t>(name_bytes, io::ProcessStats::most_name_bytes);
    stats.start_ticks = start_ticks;
    stats.cpu_ticks = cpu_ticks;
    stats.threads = threads;
    for (std::size_t at = 0; at < optional_members.size(); ++at)
        if (optional_counts[at] >= 0)
            stats.*optional_members[at] = optional_counts[at];
    return stats;
}

void run_process_worker(int socket) noexcept {
    ::prctl(PR_SET_DUMPABLE, 0);
    const io::UniqueFd proc = io::open_below(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY);
    static ProcessReply reply;
    static std::array<char, 4096> buffer;
    for (;;) {
        ProcessRequest request;
        ssize_t length = 0;
        do {
            length = ::recv(socket, &request, sizeof request, 0);
        } while (length < 0 && errno == EINTR);
        if (length != sizeof request || request.count > max_per_request || !proc)
            ::_exit(length == 0 ? 0 : 1);
        reply.sequence = request.sequence;
        reply.count = request.count;
        for (std::uint32_t at = 0; at < request.count; ++at)
            reply.processes[at] =
                ProcessEntry::of(io::read_process(proc.get(), request.pids[at], request.want_io, buffer));
        if (::send(socket, &reply, sizeof reply, MSG_NOSIGNAL) < 0)
            ::_exit(1);
    }
}

namespace {

/// False for numbers that no process has: the name's would be read as a length, the others would overflow in
/// sums.
constexpr auto is_plausible_process = [](const auto& process) noexcept {
    return process.name_bytes <= process.name.size() && process.start_ticks >= 0 && process.cpu_ticks >= 0 &&
           process.threads >= 0;
};

} // namespace

ProcessReader::Outcome ProcessReader::ask(std::span<const pid_t> pids, bool want_io, Clock::time_point end) {
    try {
        if (!worker_.is_running())
            worker_.start("starting the helper that reads processes", main_);
    } catch (const std::system_error&) {
        return Outcome::unavailable;
    }
    ProcessRequest request;
    request.sequence = ++sequence_;
    request.count = static_cast<std::uint32_t>(pids.size());
    request.want_io = want_io;
    std::ranges::copy(pids, request.pids.begin());
    if (::send(worker_.socket(), &request, sizeof request, MSG_NOSIGNAL) != sizeof request)
        return Outcome::broken;
    if (!worker_.wait_for_reply(std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now())))
        return Outcome::hung;
    const ssize_t length = ::recv(worker_.socket(), &reply_, sizeof reply_, 0);
    const bool is_valid =
        length == sizeof reply_ && reply_.sequence == request.sequence && reply_.count == request.count &&
        std::ranges::all_of(std::span(reply_.processes).first(reply_.count), is_plausible_process);
    return is_valid ? Outcome::answered : Outcome::broken;
}

ProcessReader::Outcome ProcessReader::read(std::span<const pid_t> pids, bool want_io,
                                           std::vector<io::ProcessStats>& stats, std::string_view subject) {
    stats.clear();
    const Clock::time_point end = Clock::now() + deadline_;
    while (!pids.empty()) {
        const auto batch = pids.first(std::min(pids.size(), max_per_request));
        pids = pids.subspan(batch.size());
        if (const Outcome outcome = ask(batch, want_io, end); outcome != Outcome::answered) {
            if (io::UnreapedWorker* const killed = worker_.kill()) {
                killed->subject = subject;
                killed->part = part_process_files;
            }
            return outcome;
        }
        for (const ProcessEntry& each : std::span(reply_.processes).first(reply_.count))
            if (each.pid != 0)
                stats.push_back(each.stats());
    }
    return Outcome::answered;
}

} // namespace lxcmon::sample
