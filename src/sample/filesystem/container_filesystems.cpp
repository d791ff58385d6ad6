#include "sample/filesystem/container_filesystems.hpp"

#include "sample/guard/pauses.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>

namespace lxcmon::sample {
namespace {

/// Series of one start of a container: a tenant can mount the same thing elsewhere each time.
constexpr std::size_t most_names = 512;

} // namespace

ContainerFilesystems::ContainerFilesystems(std::string who, std::uint64_t id)
    : who_(std::move(who))
    , turn_(id)
    , names_(most_names) {}

bool ContainerFilesystems::is_due(std::int64_t wall_ns, std::int64_t monotonic_ns,
                                  std::chrono::nanoseconds interval) const noexcept {
    return !pauses(monotonic_ns) && turn_.is_due(wall_ns, interval);
}

void ContainerFilesystems::prepare(NamespaceRequest& request, bool risky, std::int64_t monotonic_ns) {
    asked_ns_ = monotonic_ns;
    asked_risky_ = risky;
    request.scan = Scan::filesystems;
    request.risky = risky;
    request.left_alone_count = 0;
    for (const LeftAlone& each : left_alone_)
        if (each.until_ns > monotonic_ns)
            request.left_alone[request.left_alone_count++] = each.device;
}

void ContainerFilesystems::take(Outcome outcome, const FilesystemReply& reply, const HangPlace& hang,
                                std::int64_t monotonic_ns, const PointSink& target) {
    if (outcome == Outcome::hung)
        return take_hang(hang, monotonic_ns);
    if (outcome == Outcome::broken)
        return fault().set(
            who_, "the helper process ended while it looked at the filesystems: they are left out this time");
    if (reply.error == ESRCH)
        return; // ended: the next tick sees that
    turn_.take(target.wall_ns);
    scanned_ns_[asked_risky_ ? 1 : 0] = monotonic_ns;
    fault().set(who_, fault_of(reply));
    if (reply.error != 0)
        return;
    root_may_hang_ = reply.root_may_hang;
    if (std::exchange(list_hung_, false))
        spdlog::info("{}: its list of mounts can be read again", who_);
    owes_risky_ = !asked_risky_ && reply.has_risky;
    take_answers(reply, asked_risky_);
    if (!reply.has_risky)
        take_answers(reply, true); // what was to be asked again in a risky look is mounted no more
    note_slow(reply, monotonic_ns);
    add_points(reply, target);
}

void ContainerFilesystems::take_hang(const HangPlace& hang, std::int64_t monotonic_ns) {
    has_hung_ = true;
    const std::int64_t until_ns = monotonic_ns + hang_pause_ns;
    if (hang.stage == Stage::unknown)
        return fault().set(who_, "the helper process did not get to its filesystems in time (is this machine "
                                 "overloaded?): they are left out this time");
    if (hang.stage != Stage::mount) {
        again_ns_ = until_ns;
        if (!std::exchange(list_hung_, true))
            spdlog::warn("{}: reading its list of mounts did not end in time; its filesystems are left "
                         "alone for 5 minutes",
                         who_);
        return;
    }
    const auto known = std::ranges::find(left_alone_, hang.device, &LeftAlone::device);
    if (known != left_alone_.end()) {
        known->until_ns = until_ns; // said before
        return;
    }
    if (left_alone_.size() == max_left_alone)
        left_alone_.erase(left_alone_.begin());
    left_alone_.push_back({hang.device, hang.mount_point, asked_risky_, until_ns});
    const bool is_last = left_alone_.size() == max_left_alone;
    if (is_last)
        again_ns_ = until_ns;
    spdlog::warn("{}: reading its filesystem {} did not end in time; {} left alone for 5 minutes", who_,
                 hang.mount_point, is_last ? "with so many that hang, all of its filesystems are" : "it is");
}

void ContainerFilesystems::take_answers(const FilesystemReply& reply, bool risky) {
    const auto all = std::span(reply.filesystems).first(reply.count);
    std::erase_if(left_alone_, [&](const LeftAlone& each) {
        if (each.is_risky != risky || each.until_ns > asked_ns_)
            return false; // not asked
        const auto now = std::ranges::find(all, each.device, &Filesystem::device);
        if (now != all.end() && now->error == 0)
            spdlog::info("{}: its filesystem {} answers again", who_, each.mount_point);
        return true; // or it is mounted no more
    });
}

void ContainerFilesystems::note_slow(const FilesystemReply& reply, std::int64_t monotonic_ns) {
    std::int64_t slowest_nsec = reply.list_nsec;
    std::int64_t all_nsec = reply.list_nsec;
    const Filesystem* slowest = nullptr; // none: the list of mounts
    for (const Filesystem& each : std::span(reply.filesystems).first(reply.count)) {
        all_nsec += each.took_nsec;
        if (each.took_nsec > slowest_nsec) {
            slowest_nsec = each.took_nsec;
            slowest = &each;
        }
    }
    if (all_nsec <= slow_nsec)
        return;
    again_ns_ = monotonic_ns + slow_pause_ns;
    if (!std::exchange(said_slow_, true))
        spdlog::warn("{}: its filesystems took {} ms to answer, {}{} alone {} ms; they are looked at no more "
                     "than once a minute while that lasts",
                     who_, all_nsec / 1'000'000, slowest != nullptr ? "" : "the list of its mounts",
                     slowest != nullptr ? reply.text(slowest->mount_point) : "", slowest_nsec / 1'000'000);
}

void ContainerFilesystems::add_points(const FilesystemReply& reply, const PointSink& target) {
    if (reply.left_out != 0 && !std::exchange(said_left_out_, true))
        spdlog::warn("{}: {} of its filesystems are left out: no more than {} are reported, and none with a "
                     "name of more than {} bytes",
                     who_, reply.left_out, max_filesystems, max_mount_text);
    for (const Filesystem& each : std::span(reply.filesystems).first(reply.count)) {
        name_.clear();
        for (const TextSpan part : {each.mount_point, each.source, each.type})
            name_.append(reply.text(part)).push_back('\0');
        if (names_.admits(name_))
            add_filesystem_point(reply, each, target.measurement, target.tags, target.wall_ns, target.points);
        else if (!std::exchange(said_names_, true))
            spdlog::warn("{}: it has had more than {} different filesystems since its start: new ones are "
                         "left out",
                         who_, names_.most());
    }
}

std::string ContainerFilesystems::fault_of(const FilesystemReply& reply) const {
    if (reply.error != 0)
        return "its mounts can't be read: " + message_of(reply.error) + "; its filesystems are left out" +
               (reply.error == EACCES || reply.error == EPERM ? ". CAP_SYS_PTRACE (root) is needed" : "");
    for (const Filesystem& each : std::span(reply.filesystems).first(reply.count))
        if (each.error != 0)
            return "its filesystem " + std::string(reply.text(each.mount_point)) +
                   " can't be read: " + message_of(each.error);
    return {};
}

} // namespace lxcmon::sample
