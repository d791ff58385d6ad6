// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/filesystem/container_filesystems.hpp"

#include "sample/guard/pauses.hpp"
#include "text/clean_name.hpp"
#include "text/printable.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace lxcmon::sample {
namespace {

/// Names the filesystem of `reply` before `later` that has the same tags in the points. Of two scans with the
/// points of one time, it may be in the other one.
std::string first_of_name(const FilesystemReply& reply, const Filesystem& later) {
    const auto tags_of = [&](const Filesystem& each) {
        return std::array{text::clean_name(reply.text(each.mount_point)),
                          text::clean_name(reply.text(each.source)), text::clean_name(reply.text(each.type))};
    };
    const auto tags = tags_of(later);
    for (const Filesystem& each : std::span(reply.filesystems).first(reply.count)) {
        if (&each == &later)
            break;
        if (tags_of(each) == tags)
            return "its filesystem " + text::escaped(reply.text(each.mount_point));
    }
    return "another filesystem";
}

/// The block device below a filesystem, as the tag device of lxc_io has it; empty if it has none of its own
/// (tmpfs, overlay, ZFS, btrfs).
std::string_view block_device_of(const Filesystem& filesystem, DeviceNames& devices) {
    const auto major = static_cast<std::uint32_t>(filesystem.device >> 32U);
    // The kernel gives filesystems without a block device the major number 0 (fs/super.c, get_anon_bdev()).
    if (major == 0)
        return {};
    const BlockDevice& device = devices.find(major, static_cast<std::uint32_t>(filesystem.device));
    return device.is_there ? std::string_view(device.shown) : std::string_view();
}

std::string_view disk_device_at(std::string_view mount_point, const Managed* managed) {
    if (managed == nullptr)
        return {};
    const auto found = std::ranges::find(managed->disks, mount_point, &ManagedDisk::mount_point);
    return found == managed->disks.end() ? std::string_view() : std::string_view(found->device);
}

} // namespace

ContainerFilesystems::ContainerFilesystems(std::string subject, std::uint64_t id, SeriesNames& names,
                                           std::string place)
    : subject_(std::move(subject))
    , place_(std::move(place))
    , schedule_(id)
    , names_(names) {}

bool ContainerFilesystems::is_due(std::int64_t wall_ns, std::int64_t monotonic_ns,
                                  std::chrono::nanoseconds interval) const noexcept {
    return !pauses(monotonic_ns) && schedule_.is_due(wall_ns, interval);
}

void ContainerFilesystems::prepare(NamespaceRequest& request, bool risky, std::int64_t monotonic_ns) {
    asked_ns_ = monotonic_ns;
    asked_risky_ = risky;
    request.scan = Scan::filesystems;
    request.risky = risky;
    request.left_alone_count = 0;
    const auto leave_alone = [&request](std::uint64_t device) {
        if (request.left_alone_count < max_left_alone)
            request.left_alone[request.left_alone_count++] = device;
    };
    // First the places of helpers that have not ended. An earlier start of the container may have had them.
    for (const io::UnreapedWorker& each : io::WorkerProcess::not_reaped())
        if (!place_.empty() && each.subject == place_ && is_mount(each.part))
            leave_alone(each.part);
    for (const LeftAlone& each : left_alone_)
        if (each.until_ns > monotonic_ns && !io::WorkerProcess::is_blocked(place_, each.device))
            leave_alone(each.device);
}

bool ContainerFilesystems::is_left_alone(const LeftAlone& each, std::int64_t monotonic_ns) const noexcept {
    return each.until_ns > monotonic_ns || io::WorkerProcess::is_blocked(place_, each.device);
}

void ContainerFilesystems::take(Outcome outcome, const FilesystemReply& reply, const HangPlace& hang,
                                std::int64_t monotonic_ns, const PointSink& sink) {
    if (outcome == Outcome::hung)
        return take_hang(hang, monotonic_ns);
    is_unavailable_ = outcome == Outcome::unavailable;
    if (is_unavailable_)
        return;
    if (outcome == Outcome::broken)
        return fault().set(
            subject_,
            "the helper process ended while reading its filesystems; they are left out of this sample");
    if (reply.error == ESRCH)
        return; // init has ended: the next tick handles that
    schedule_.take(sink.time.due_ns);
    scanned_ns_[asked_risky_ ? 1 : 0] = monotonic_ns;
    fault().set(subject_, fault_of(reply));
    if (reply.error != 0)
        return;
    root_may_hang_ = reply.root_may_hang;
    if (std::exchange(list_hung_, false))
        spdlog::info("{}: its list of mounts can be read again", subject_);
    needs_risky_scan_ = !asked_risky_ && reply.has_risky;
    take_answers(reply, asked_risky_);
    if (!reply.has_risky)
        take_answers(reply, true); // there is no risky scan, so a risky filesystem that hung is unmounted
    note_slow(reply, monotonic_ns);
    add_points(reply, monotonic_ns, sink);
}

void ContainerFilesystems::take_hang(const HangPlace& hang, std::int64_t monotonic_ns) {
    has_hung_ = true;
    const std::int64_t until_ns = monotonic_ns + hang_pause_ns;
    if (hang.stage == Stage::unknown)
        return fault().set(subject_, "the helper process did not get to its filesystems in time (is the host "
                                     "overloaded?); they are left out of this sample");
    if (hang.stage != Stage::mount) {
        again_ns_ = until_ns;
        if (!std::exchange(list_hung_, true))
            spdlog::warn(
                "{}: reading its list of mounts timed out; its filesystems are left out for 5 minutes",
                subject_);
        return;
    }
    const auto known = std::ranges::find(left_alone_, hang.device, &LeftAlone::device);
    if (known != left_alone_.end()) {
        known->until_ns = until_ns; // logged before
        return;
    }
    if (left_alone_.size() == max_left_alone)
        left_alone_.erase(left_alone_.begin());
    left_alone_.push_back({hang.device, hang.mount_point, asked_risky_, until_ns});
    const bool is_last = left_alone_.size() == max_left_alone;
    if (is_last)
        again_ns_ = until_ns;
    spdlog::warn("{}: reading its filesystem {} timed out; {} left out for 5 minutes", subject_,
                 hang.mount_point, is_last ? "too many of its filesystems hang, all of them are" : "it is");
}

void ContainerFilesystems::take_answers(const FilesystemReply& reply, bool risky) {
    const auto all = std::span(reply.filesystems).first(reply.count);
    std::erase_if(left_alone_, [&](const LeftAlone& each) {
        if (each.is_risky != risky || is_left_alone(each, asked_ns_))
            return false; // not part of this scan
        const auto now = std::ranges::find(all, each.device, &Filesystem::device);
        if (now != all.end() && now->error == 0)
            spdlog::info("{}: its filesystem {} answers again", subject_, each.mount_point);
        return true; // it answered, or is unmounted
    });
}

void ContainerFilesystems::note_slow(const FilesystemReply& reply, std::int64_t monotonic_ns) {
    std::int64_t slowest_nsec = reply.list_nsec;
    std::int64_t all_nsec = reply.list_nsec;
    const Filesystem* slowest = nullptr; // nullptr: the list of mounts
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
    if (!std::exchange(logged_slow_, true))
        spdlog::warn("{}: its filesystems took {} ms to answer, {}{} alone {} ms; while they stay slow, they "
                     "are read at most once a minute",
                     subject_, all_nsec / 1'000'000, slowest != nullptr ? "" : "the list of its mounts",
                     slowest != nullptr ? reply.text(slowest->mount_point) : "", slowest_nsec / 1'000'000);
}

void ContainerFilesystems::add_points(const FilesystemReply& reply, std::int64_t monotonic_ns,
                                      const PointSink& sink) {
    // A risky scan completes the scan before it: the points of both are of one time.
    if (!asked_risky_)
        names_.begin_scan(monotonic_ns);
    const bool is_of_host = sink.measurement.first == fields_of("host_fs").first;
    if (is_of_host)
        begin_host_scan(reply, sink.host);
    const Filesystem* same_name = nullptr;
    for (const Filesystem& each : std::span(reply.filesystems).first(reply.count)) {
        const FilesystemNames names = clean_names(reply, each, name_, sink.points);
        const Admission admission = names_.admit(names.joined);
        if (admission == Admission::same_name)
            same_name = &each;
        if (admission != Admission::admitted || !is_reportable(each))
            continue;
        if (is_of_host)
            sink.host.add(asked_risky_, each);
        add_filesystem_point(
            each, names,
            {block_device_of(each, sink.devices),
             is_of_host || !sink.host.is_known() ? std::nullopt : std::optional(sink.host.has(each)),
             disk_device_at(reply.text(each.mount_point), sink.managed)},
            sink.measurement, sink.tags, sink.time.wall_ns, sink.points);
    }
    log_left_out(reply, same_name);
}

void ContainerFilesystems::begin_host_scan(const FilesystemReply& reply,
                                           HostFilesystems& host) const noexcept {
    host.begin(asked_risky_);
    if (!asked_risky_ && !reply.has_risky)
        host.begin(true); // there is no risky scan
}

void ContainerFilesystems::log_left_out(const FilesystemReply& reply, const Filesystem* same_name) {
    if (reply.left_out != 0 && !std::exchange(logged_left_out_, true))
        spdlog::warn("{}: {} of its filesystems are left out: at most {} are reported, and none with a name "
                     "longer than {} bytes",
                     subject_, reply.left_out, max_filesystems, max_mount_text);
    if (same_name != nullptr && names_.newly_same_name())
        spdlog::warn("{}: its filesystem {} is left out: its mount point is sent as {}, like that of {}",
                     subject_, text::escaped(reply.text(same_name->mount_point)),
                     text::clean_name(reply.text(same_name->mount_point)), first_of_name(reply, *same_name));
    if (names_.newly_too_many())
        spdlog::warn("{}: it has too many different filesystems; new filesystems are left out: {} have a "
                     "place, and as many new ones a day, as each adds a series to the database",
                     subject_, names_.most());
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
