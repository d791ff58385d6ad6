// SPDX-License-Identifier: GPL-2.0-or-later
// What the helper processes say: their datagrams, and the page that tells where the helper is. The input is
// in shared memory, so a helper is forked only if the agent has given the one before up.
#include "fuzz/support.hpp"

#include "sample/filesystem/container_filesystems.hpp"
#include "sample/helper/client.hpp"
#include "sample/process/command_totals.hpp"
#include "sample/process/counter.hpp"
#include "sample/process/reader.hpp"
#include "text/clean_name.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <cstring>
#include <set>

using namespace lxcmon;
using namespace lxcmon::sample;
using fuzz::require;

namespace {

struct Input {
    std::size_t size;
    std::array<char, 96U << 10U> bytes;
};

Input& input() {
    static auto* const shared = static_cast<Input*>(
        ::mmap(nullptr, sizeof(Input), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    return *shared;
}

/// The input over a good reply with this number; the agent would refuse any other number at once.
template <typename Reply>
void overwrite(Reply& reply, std::uint64_t sequence) {
    reply.sequence = sequence;
    void* const place = &reply;
    constexpr std::size_t begin = sizeof reply.sequence;
    std::memcpy(static_cast<char*>(place) + begin, input().bytes.data(),
                std::min(input().size, sizeof reply - begin));
}

/// Filesystems with any numbers and texts, in a reply that the agent takes.
std::size_t make_whole_reply(FilesystemReply& reply) {
    const Input& in = input();
    const void* const start = in.bytes.data();
    FuzzedDataProvider data(static_cast<const std::uint8_t*>(start), in.size);
    reply.root_may_hang = data.ConsumeBool();
    reply.has_risky = data.ConsumeBool();
    reply.left_out = data.ConsumeIntegral<std::uint32_t>();
    for (int left = data.ConsumeIntegralInRange(0, 5); left > 0; --left) {
        WantedMount mount;
        mount.device = data.ConsumeIntegralInRange<std::uint64_t>(0, 3);
        mount.mount_point = data.ConsumeRandomLengthString(40);
        mount.source = data.ConsumeRandomLengthString(20);
        mount.filesystem_type = data.ConsumeRandomLengthString(10);
        Filesystem* const added = reply.add(mount);
        if (added == nullptr)
            break;
        added->error = data.ConsumeBool() ? data.ConsumeIntegral<int>() : 0;
        added->readonly = data.ConsumeBool();
        const bool is_usual = data.ConsumeBool();
        for (std::uint64_t* each : {&added->block_bytes, &added->blocks, &added->blocks_free,
                                    &added->blocks_available, &added->inodes, &added->inodes_free})
            *each = is_usual ? data.ConsumeIntegralInRange<std::uint64_t>(0, 1U << 20U)
                             : data.ConsumeIntegral<std::uint64_t>();
    }
    return reply.sent_bytes();
}

/// The last byte of the input chooses between its own length, the length that the reply claims, with the
/// input as the texts, and a whole reply.
std::size_t make_reply(FilesystemReply& reply, std::uint64_t sequence) {
    const Input& in = input();
    reply = {};
    if (in.size != 0 && in.bytes[in.size - 1] % 4 == 1) {
        reply.sequence = sequence;
        return make_whole_reply(reply);
    }
    overwrite(reply, sequence);
    if (in.size == 0 || in.bytes[in.size - 1] % 4 == 0)
        return std::min(sizeof sequence + in.size, sizeof reply);
    std::memcpy(reply.texts.data(), in.bytes.data(), std::min(in.size, reply.texts.size()));
    return std::min(reply.sent_bytes(), sizeof reply);
}

void namespace_worker(int socket, HelperProgress& progress, const WorkerSettings& /*settings*/) {
    static FilesystemReply filesystems;
    NamespaceRequest request;
    while (::recv(socket, &request, sizeof request, 0) == sizeof request) {
        void* const page = &progress;
        std::memcpy(page, input().bytes.data(), std::min(input().size, sizeof progress));
        if (request.scan == Scan::processes) {
            CountReply reply;
            overwrite(reply, request.sequence);
            static_cast<void>(::send(socket, &reply, sizeof reply, MSG_NOSIGNAL));
        } else {
            const std::size_t length = make_reply(filesystems, request.sequence);
            static_cast<void>(::send(socket, &filesystems, length, MSG_NOSIGNAL));
        }
    }
}

void process_worker(int socket) {
    ProcessRequest request;
    while (::recv(socket, &request, sizeof request, 0) == sizeof request) {
        ProcessReply reply;
        reply.count = request.count;
        std::memcpy(&reply.processes, input().bytes.data(), std::min(input().size, sizeof reply.processes));
        reply.sequence = request.sequence;
        static_cast<void>(::send(socket, &reply, sizeof reply, MSG_NOSIGNAL));
    }
}

void check_figures(const Point& point) {
    std::int64_t total = INT64_MAX;
    for (const Field& field : point.fields)
        if (field.key == "total_bytes")
            total = std::get<std::int64_t>(field.value);
    for (const Field& field : point.fields) {
        if (const auto* count = std::get_if<std::int64_t>(&field.value))
            require(*count >= 0 && (field.key.find("_bytes") == std::string_view::npos || *count <= total),
                    "a count is not negative, and no more than all", field.key);
        if (const auto* share = std::get_if<double>(&field.value))
            require(*share >= 0 && *share <= 100, "a share is a percentage", field.key);
    }
}

void check_filesystems(NamespaceHelper& helper) {
    SeriesNames names;
    ContainerFilesystems filesystems("container fuzz", 1, names);
    NamespaceHelper::Request request;
    request.ask.scan = Scan::filesystems;
    filesystems.prepare(request.ask, false, 1);
    PointBuffer points;
    DeviceNames devices(AT_FDCWD);
    HostFilesystems host;
    helper.scan_filesystems({&request, 1},
                            [&](std::size_t, NamespaceHelper::Outcome outcome, const FilesystemReply& reply) {
                                filesystems.take(outcome, reply, helper.hang(), 2,
                                                 {fields_of("lxc_fs"), {}, {1, 1, 1}, devices, points, host});
                                return false;
                            });
    require(points.size() <= max_filesystems, "filesystems within bounds");
    std::set<std::array<std::string_view, 3>> series;
    for (std::size_t at = 0; at < points.size(); ++at) {
        check_figures(points[at]);
        require(series
                    .insert({tag_of(points[at], "mountpoint"), tag_of(points[at], "device"),
                             tag_of(points[at], "fstype")})
                    .second,
                "a series has one point");
    }
}

void check_count(NamespaceHelper& helper) {
    Container container;
    container.name = "fuzz";
    ProcessCounter counter(container, {.count = true, .start = true});
    NamespaceHelper::Request request;
    const ProcessCounter::Now now{1, 1, 5};
    static_cast<void>(counter.prepare(request.ask, now));
    request.ask.init_pid = 0;
    CountReply reply;
    Readings readings;
    const auto outcome = helper.scan_processes(request, reply);
    counter.take(outcome, reply, helper.hang(), now, readings);
    require(readings.integer(field_id("lxc_pids", "processes")).value_or(0) >= 0, "a count is not negative");
}

void check_processes(ProcessReader& reader) {
    static constexpr std::array<pid_t, 3> pids{1, 2, 3};
    std::vector<io::ProcessStats> stats;
    if (reader.read(pids, true, stats) != ProcessReader::Outcome::answered)
        return;
    SeriesNames names;
    CommandTotals totals(0, names);
    totals.take(stats, 1);
    for (const auto* entry : totals.top(5, 1)) {
        // U+FFFD in place of an invalid byte has three bytes.
        require(entry->first.size() <= 3 * io::ProcessStats::most_name_bytes, "a name within bounds");
        require(text::is_clean(entry->first), "a clean name", entry->first);
        Readings readings;
        set_command(entry->second, readings);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static NamespaceHelper helper(std::chrono::seconds(20), {}, &namespace_worker);
    static ProcessReader reader(std::chrono::seconds(20), &process_worker);
    Input& in = input();
    in.size = std::min(size, in.bytes.size());
    std::memcpy(in.bytes.data(), data, in.size);
    check_filesystems(helper);
    check_count(helper);
    check_processes(reader);
    const auto progress = HelperProgress::make();
    void* const page = progress.get();
    std::memcpy(page, data, std::min(size, sizeof(HelperProgress)));
    std::uint64_t sequence = 0;
    std::memcpy(&sequence, data + std::min(size, sizeof sequence),
                std::min(sizeof sequence, size - std::min(size, sizeof sequence)));
    require(progress->place(sequence).mount_point.size() <= max_mount_text, "a mount point within bounds");
    return 0;
}
