// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/lxcpath_owner.hpp"

#include "discover/monitors/peer.hpp"
#include "discover/monitors/sockets.hpp"
#include "io/kernel_file.hpp"
#include "io/mountinfo.hpp"
#include "io/parse.hpp"
#include "io/unique_fd.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

namespace lxcmon::discover {
namespace {

constexpr int most_turns = 40; // links, as the kernel, and mounts that went away meanwhile
constexpr uid_t nobody = 65534;
constexpr std::size_t most_mountinfo_bytes = 16U << 20U;
constexpr int most_listeners = 4096; // each check costs some microseconds

/// Filesystems of this host alone: a look at them does not wait for a server.
constexpr std::array<std::string_view, 16> local_filesystems{
    "ext2", "ext3",  "ext4",   "xfs",   "btrfs",   "zfs",      "bcachefs", "f2fs",
    "jfs",  "tmpfs", "rootfs", "ramfs", "overlay", "squashfs", "erofs",    "iso9660"};

/// What the mount of a folder says.
struct MountTrust {
    std::optional<LxcOwner> user; ///< whose FUSE server it is: that says any owner of its files
    bool may_hang = false;
};

LxcOwner user_of(std::string_view super_options) {
    LxcOwner owner;
    while (!super_options.empty()) {
        std::string_view option = io::take_until(super_options, ',');
        const std::string_view name = io::take_until(option, '=');
        if (name == "user_id")
            owner.uid = io::parse_number<uid_t>(option).value_or(nobody);
        else if (name == "group_id")
            owner.gid = io::parse_number<gid_t>(option).value_or(nogroup);
    }
    return owner;
}

/// nullopt if the mount is not in the list of mounts any more. Its id is not given to another mount as long
/// as a descriptor of it is open.
std::optional<MountTrust> trust_of_mount(std::string_view id) {
    std::string text;
    std::optional<MountTrust> trust;
    if (io::try_read_whole(AT_FDCWD, "/proc/self/mountinfo", text, most_mountinfo_bytes) != 0)
        return trust;
    io::for_each_mount(text, [&](const io::Mount& mount) {
        if (mount.id != id)
            return;
        trust.emplace();
        trust->may_hang =
            std::ranges::find(local_filesystems, mount.filesystem_type) == local_filesystems.end();
        if (!mount.filesystem_type.starts_with("fuse"))
            return;
        if (const LxcOwner user = user_of(mount.super_options); user.uid != 0)
            trust->user = user;
    });
    return trust;
}

/// Asks no server. Empty if it can't be told.
std::string mount_id_of(int place) {
    std::string text;
    std::string id;
    if (io::try_read_whole(AT_FDCWD, ("/proc/self/fdinfo/" + std::to_string(place)).c_str(), text) != 0)
        return id;
    io::for_each_line(text, [&](std::string_view line) {
        if (io::take_until(line, '\t') == "mnt_id:")
            id = line;
    });
    return id;
}

/// Takes each step of a path from the descriptor of the last one, so that no other folder can come in
/// between, and looks at the mount of each before it goes on.
class Walk {
  public:
    /// `asks_servers`: else it ends, with EAGAIN, before a mount that may hang.
    Walk(const std::string& path, bool asks_servers)
        : path_(path)
        , asks_servers_(asks_servers) {}

    std::optional<LxcpathOwner> owner() {
        if (!start())
            return std::nullopt;
        while (!rest_.empty()) {
            std::string_view rest = rest_;
            const std::string part(io::take_until(rest, '/'));
            rest_ = std::string(rest);
            if (part.empty())
                continue;
            if (!step(part))
                return std::nullopt;
            if (found_.owner.uid != 0)
                return found_;
        }
        return found_;
    }

  private:
    bool may_turn() noexcept {
        if (++turns_ <= most_turns)
            return true;
        errno = ELOOP;
        return false;
    }

    bool start() {
        if (!may_turn())
            return false;
        rest_ = path_;
        here_.reset(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
        mount_ = here_ ? mount_id_of(here_.get()) : std::string();
        return static_cast<bool>(here_);
    }

    bool step(const std::string& part) {
        // Does not ask the server of a FUSE filesystem that is mounted there.
        io::UniqueFd place(::openat(here_.get(), part.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
        if (!place)
            return false;
        std::string mount = mount_id_of(place.get());
        if (mount.empty() || mount != mount_) {
            const auto trust = trust_of_mount(mount);
            if (!trust) // it was unmounted meanwhile
                return start();
            if (trust->may_hang && !asks_servers_) {
                errno = EAGAIN;
                return false;
            }
            found_.may_hang = found_.may_hang || trust->may_hang;
            if (trust->user) {
                found_ = {*trust->user, true};
                return true;
            }
        }
        struct statx status {};
        if (::statx(place.get(), "",
                    AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT,
                    STATX_TYPE | STATX_MODE | STATX_UID | STATX_GID, &status) != 0)
            return false;
        if (status.stx_uid != 0)
            found_ = {{status.stx_uid, status.stx_gid}, true};
        else if (S_ISLNK(status.stx_mode))
            return follow(place.get());
        here_ = std::move(place);
        mount_ = std::move(mount);
        return true;
    }

    bool follow(int link) {
        std::array<char, PATH_MAX> target{};
        const ssize_t length = ::readlinkat(link, "", target.data(), target.size());
        if (length <= 0)
            return false;
        const std::string_view text(target.data(), static_cast<std::size_t>(length));
        rest_ = std::string(text) + "/" + rest_;
        if (!text.starts_with('/'))
            return may_turn();
        path_ = rest_;
        return start();
    }

    std::string path_; ///< from the root, for another start
    bool asks_servers_;
    std::string rest_; ///< from here_
    io::UniqueFd here_;
    std::string mount_; ///< id of the mount of here_
    LxcpathOwner found_;
    int turns_ = 0;
};

/// nullopt with errno.
std::optional<FolderId> try_folder_of(const std::string& path) noexcept {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0)
        return std::nullopt;
    return FolderId{status.st_dev, status.st_ino};
}

} // namespace

bool leads_to(const std::string& path, const FolderId& folder) {
    const auto found = Walk(path, false).owner();
    return found && found->owner.uid == 0 && try_folder_of(path) == folder;
}

FolderId folder_of(const std::string& lxcpath) {
    const auto folder = try_folder_of(lxcpath);
    if (!folder)
        throw std::system_error(errno, std::generic_category(), "looking for the folder " + lxcpath);
    return *folder;
}

OtherPaths other_paths(const std::string& lxcpath, const FolderId& folder, uid_t owner,
                       const OtherPaths& before) {
    OtherPaths made;
    const auto add = [&](const std::string& path) {
        if (path != lxcpath && made.paths.size() < most_other_paths &&
            std::ranges::find(made.paths, path) == made.paths.end())
            made.paths.push_back(path);
    };
    const std::unique_ptr<char, void (*)(void*)> real(::realpath(lxcpath.c_str(), nullptr), &std::free);
    if (real)
        add(real.get());
    if (owner != 0)
        return made;
    MonitorSockets sockets;
    static_cast<void>(sockets.read()); // without an answer there are none
    int left = most_listeners;
    std::string seen = lxcpath; // the last one of a monitor; these are sorted
    sockets.for_each_monitor(before.looked_until, [&](std::string_view path, std::string_view name) {
        if (path == seen || path == lxcpath)
            return true;
        const std::string text(path);
        // Any user can make such a socket: the path is not looked at before its monitor is.
        if (monitor_listener(text, std::string(name), 0) == MonitorPeer::trusted) {
            seen = text;
            if (leads_to(text, folder))
                add(text);
        }
        if (--left > 0)
            return true;
        made.looked_until.append(path).append("/").append(name);
        return false;
    });
    for (const std::string& path : before.paths)
        if (leads_to(path, folder))
            add(path);
    return made;
}

std::optional<LxcpathOwner> lxcpath_owner(const std::string& lxcpath) {
    return Walk(lxcpath, true).owner();
}

} // namespace lxcmon::discover
