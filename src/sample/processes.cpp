#include "sample/processes.hpp"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <tuple>
#include <utility>

namespace lxcmon::sample {
namespace {

constexpr std::size_t most_processes = 4096;
constexpr std::size_t most_commands = 512;
/// A process that moves between cgroups while they are listed may be in no list: when it is back it must not
/// count anew with all that it has done.
constexpr std::uint64_t rounds_remembered = 5;

constexpr FieldRange fields = fields_of("lxc_process");

consteval FieldId own(std::string_view name) {
    return field_id("lxc_process", name);
}

/// Adds what a counter has grown by; one that went back, as io's of a process that ran another program may,
/// grew by nothing.
void add_growth(std::int64_t before, std::int64_t now, std::int64_t& sum) noexcept {
    std::int64_t total = 0;
    if (now > before && !__builtin_add_overflow(sum, now - before, &total))
        sum = total;
}

std::optional<std::int64_t> product(std::int64_t count, std::int64_t unit) noexcept {
    std::int64_t result = 0;
    return __builtin_mul_overflow(count, unit, &result) ? std::nullopt : std::optional(result);
}

/// A file of /proc/PID; empty where the process has ended or the file may not be read.
std::string_view read_file(int root_fd, pid_t pid, const char* name, std::span<char> buffer) noexcept {
    std::array<char, 64> path{};
    std::snprintf(path.data(), path.size(), "proc/%d/%s", pid, name);
    return io::read_once(root_fd, path.data(), buffer).text;
}

/// Where all of the container's processes are listed: cgroup v2's tree where it has one, as liblxc puts every
/// container there, too, on hybrid hosts.
std::string directory_of(const ContainerFiles& files) {
    if (const auto v2 = files.layout.find_v2(); v2 && files.directories[*v2])
        return *files.directories[*v2];
    for (const auto& directory : files.directories)
        if (directory)
            return *directory;
    return {};
}

} // namespace

void CommandSums::begin() {
    ++round_;
    order_.clear();
    for (auto& [command, figures] : commands_) {
        figures.count = figures.threads = figures.rss_bytes = 0;
        figures.recent_cpu_usec = 0;
    }
}

CommandFigures* CommandSums::figures_of(std::string_view command) {
    if (const auto known = commands_.find(command); known != commands_.end())
        return &known->second;
    if (commands_.size() >= most_) {
        is_full_ = true;
        return nullptr;
    }
    return &commands_[std::string(command)];
}

void CommandSums::add(pid_t pid, const ProcessStat& stat, const std::optional<ProcessIo>& io) {
    static const std::int64_t usec_per_tick = 1'000'000 / ::sysconf(_SC_CLK_TCK);
    static const std::int64_t page_bytes = ::sysconf(_SC_PAGESIZE);
    const auto cpu_usec = product(stat.cpu_ticks, usec_per_tick);
    const auto rss_bytes = product(stat.rss_pages, page_bytes);
    CommandFigures* const sums = stat.command.empty() ? nullptr : figures_of(stat.command);
    Seen& seen = processes_[pid];
    if (seen.round == round_)
        return; // in two cgroups: it was moved while they were read
    if (seen.round == 0 || seen.start_ticks != stat.start_ticks)
        seen = {stat.start_ticks, 0, ProcessIo{}, 0};
    seen.round = round_;
    if (sums != nullptr && cpu_usec && rss_bytes) {
        add_growth(seen.cpu_usec, *cpu_usec, sums->cpu_usec);
        add_growth(seen.cpu_usec, *cpu_usec, sums->recent_cpu_usec);
        if (!stat.is_dead()) {
            ++sums->count;
            sums->threads += stat.threads;
            sums->rss_bytes += *rss_bytes;
            if (!io || !seen.io)
                sums->io.reset();
        }
        if (sums->io && io && seen.io) {
            add_growth(seen.io->read_bytes, io->read_bytes, sums->io->read_bytes);
            add_growth(seen.io->write_bytes, io->write_bytes, sums->io->write_bytes);
        }
    }
    seen.cpu_usec = cpu_usec.value_or(seen.cpu_usec);
    seen.io = io;
}

void CommandSums::end() {
    std::erase_if(processes_,
                  [this](const auto& item) { return item.second.round + rounds_remembered < round_; });
}

std::span<const CommandSums::Item> CommandSums::busiest(std::size_t count) {
    order_.clear();
    for (const auto& [command, figures] : commands_)
        if (figures.count > 0)
            order_.emplace_back(command, &figures);
    const std::size_t kept = std::min(count, order_.size());
    const auto middle = order_.begin() + static_cast<std::ptrdiff_t>(kept);
    std::ranges::partial_sort(order_, middle, [](const Item& a, const Item& b) {
        // The names stand the other way round: the smaller one goes first.
        return std::tie(a.second->recent_cpu_usec, a.second->cpu_usec, b.first) >
               std::tie(b.second->recent_cpu_usec, b.second->cpu_usec, a.first);
    });
    return std::span(order_).first(kept);
}

ProcessSampler::ProcessSampler(const ContainerFiles& files, std::size_t top, std::string who)
    : root_fd_(files.root_fd)
    , top_(top)
    , who_(std::move(who))
    , directory_(directory_of(files))
    , sums_(most_commands) {}

void ProcessSampler::read_process(pid_t pid, std::span<char> buffer) {
    const std::size_t half = buffer.size() / 2;
    auto stat = parse_process_stat(read_file(root_fd_, pid, "stat", buffer.first(half)));
    if (!stat)
        return;
    const std::span<char> rest = buffer.subspan(half);
    const auto io = parse_process_io(read_file(root_fd_, pid, "io", rest));
    // One that has ended in between is no reason to tell no more of what its command reads and writes.
    if (!io && !parse_process_stat(read_file(root_fd_, pid, "stat", rest)))
        stat->state = 'X';
    sums_.add(pid, *stat, io);
}

void ProcessSampler::sample(std::span<char> buffer, std::span<const Tag> tags, std::int64_t time_ns,
                            PointBuffer& points) {
    if (directory_.empty())
        return;
    list_processes(root_fd_, directory_, most_processes, found_);
    sums_.begin();
    for (const pid_t pid : found_.pids)
        read_process(pid, buffer);
    sums_.end();
    if (found_.is_cut && !std::exchange(said_cut_, true))
        spdlog::warn(
            "{}: it has more than {} processes or cgroups of its own than are looked at: lxc_process "
            "leaves some out",
            who_, most_processes);
    if (sums_.is_full() && !std::exchange(said_full_, true))
        spdlog::warn("{}: it has run more than {} different commands: lxc_process leaves the others out",
                     who_, most_commands);
    Readings readings;
    for (const auto& [command, figures] : sums_.busiest(top_)) {
        readings.clear();
        readings.set(own("count"), figures->count);
        readings.set(own("cpu_usec"), figures->cpu_usec);
        readings.set(own("rss_bytes"), figures->rss_bytes);
        readings.set(own("threads"), figures->threads);
        if (figures->io) {
            readings.set(own("read_bytes"), figures->io->read_bytes);
            readings.set(own("write_bytes"), figures->io->write_bytes);
        }
        const Tag tag{"command", points.store(command)};
        readings.emit(fields, tags, std::span(&tag, 1), time_ns, points);
    }
}

} // namespace lxcmon::sample
