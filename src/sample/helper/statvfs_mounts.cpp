// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/helper/statvfs_mounts.hpp"

#include "io/clock.hpp"
#include "io/kernel_file.hpp"
#include "io/parse.hpp"
#include "io/pidfd.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <set>
#include <span>
#include <string>

namespace lxcmon::sample {
namespace {

/// About the size for 100,000 mounts, the kernel's limit (fs.mount-max).
constexpr std::size_t max_mountinfo_bytes = 16U << 20U;
/// Mounts opened in one scan: a tenant can hide thousands under other mounts.
constexpr int max_opened = 512;

/// Opens a path below `root`, component by component, so that no symbolic link is followed and no automount
/// starts.
io::UniqueFd open_mount_point(int root, std::string_view path) {
    io::UniqueFd at(::openat(root, ".", O_PATH | O_CLOEXEC));
    while (at && !path.empty()) {
        const std::string name(io::take_until(path, '/'));
        if (!name.empty())
            at.reset(::openat(at.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    }
    return at;
}

/// The same as statx's STATX_MNT_ID, but also on kernels before 5.8.
std::optional<std::uint64_t> mount_id(int proc, int fd) {
    std::string text;
    if (io::try_read_whole(proc, ("self/fdinfo/" + std::to_string(fd)).c_str(), text) != 0)
        return std::nullopt;
    std::optional<std::uint64_t> id;
    io::for_each_line(text, [&](std::string_view line) {
        constexpr std::string_view key = "mnt_id:\t";
        if (line.starts_with(key))
            id = io::parse_number<std::uint64_t>(line.substr(key.size()));
    });
    return id;
}

void take_fields(int fd, Filesystem& filesystem) noexcept {
    struct statvfs stats {};
    if (::fstatvfs(fd, &stats) != 0) {
        filesystem.error = errno;
        return;
    }
    filesystem.readonly = (stats.f_flag & ST_RDONLY) != 0;
    filesystem.block_bytes = stats.f_frsize;
    filesystem.blocks = stats.f_blocks;
    filesystem.blocks_free = stats.f_bfree;
    filesystem.blocks_available = stats.f_bavail;
    filesystem.inodes = stats.f_files;
    filesystem.inodes_free = stats.f_ffree;
}

/// The mounts as one process sees them.
struct View {
    io::UniqueFd root;
    std::string mountinfo;

    /// Returns 0 or an errno.
    int open(int proc, const std::string& process) {
        root = io::open_below(proc, (process + "/root").c_str(), O_PATH | O_DIRECTORY);
        if (!root)
            return errno;
        return io::try_read_whole(proc, (process + "/mountinfo").c_str(), mountinfo, max_mountinfo_bytes);
    }
};

int open_view(int proc, const NamespaceRequest& request, int init_pidfd, View& view) {
    if (request.is_of_host()) {
        // The agent may have its own mount namespace (systemd's ProtectSystem= and similar settings).
        return view.open(proc, "1") == 0 ? 0 : view.open(proc, "self");
    }
    const int error = view.open(proc, std::to_string(request.init_pid));
    // If init is alive now, its pid was not reused before.
    return io::is_alive(init_pidfd) ? error : ESRCH;
}

/// Reads a mount unless it is hidden. Returns whether its filesystem is done.
bool scan_mount(int proc, int root, const WantedMount& mount, FilesystemReply& reply) {
    const std::int64_t begin_ns = io::now_ns(CLOCK_MONOTONIC);
    const io::UniqueFd place = open_mount_point(root, mount.mount_point);
    if (!place || mount_id(proc, place.get()) != mount.id)
        return false;
    if (Filesystem* const added = reply.add(mount); added != nullptr) {
        take_fields(place.get(), *added);
        added->readonly = added->readonly || mount.refuses_writes;
        added->took_nsec = io::now_ns(CLOCK_MONOTONIC) - begin_ns;
    } else {
        ++reply.left_out;
    }
    return true;
}

} // namespace

void scan_filesystems(int proc, const NamespaceRequest& request, int init_pidfd, const MountGlobs& globs,
                      HelperProgress& progress, FilesystemReply& reply) {
    progress.enter(Stage::mount_list);
    const std::int64_t begin_ns = io::now_ns(CLOCK_MONOTONIC);
    View view;
    reply.error = open_view(proc, request, init_pidfd, view);
    if (reply.error != 0)
        return;
    const MountChoice choice = choose_mounts(view.mountinfo, globs);
    reply.root_may_hang = choice.root_may_hang;
    reply.left_out = static_cast<std::uint32_t>(choice.too_long);
    reply.list_nsec = io::now_ns(CLOCK_MONOTONIC) - begin_ns;

    const auto left_alone = std::span(request.left_alone).first(request.left_alone_count);
    std::set<std::uint64_t> done(left_alone.begin(), left_alone.end());
    int opened = 0;
    for (const WantedMount& mount : choice.wanted) {
        if (done.contains(mount.device))
            continue;
        reply.has_risky = reply.has_risky || mount.is_risky;
        if (mount.is_risky != request.risky)
            continue;
        if (reply.count == max_filesystems || ++opened > max_opened) {
            done.insert(mount.device);
            ++reply.left_out;
            continue;
        }
        progress.enter_mount(mount.device, mount.mount_point);
        if (scan_mount(proc, view.root.get(), mount, reply))
            done.insert(mount.device);
    }
}

} // namespace lxcmon::sample
