// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/lxcpath_owner.hpp"

#include "io/kernel_file.hpp"
#include "io/mountinfo.hpp"
#include "io/parse.hpp"
#include "io/unique_fd.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <map>
#include <system_error>

namespace lxcmon::discover {
namespace {

constexpr int most_links = 40; // as the kernel
/// liblxc allocates what a monitor's answer says it needs.
constexpr rlim_t spare_bytes = 128U << 20U;
/// liblxc copies a configuration into a file in memory.
constexpr rlim_t largest_file_bytes = 1U << 20U;
constexpr gid_t nogroup = 65534;
constexpr uid_t nobody = 65534;
constexpr std::size_t most_mountinfo_bytes = 16U << 20U;
constexpr uid_t no_id = static_cast<uid_t>(-1);

/// Of the link or file itself, without asking a server for it (NFS, FUSE).
bool look_at(const std::string& path, struct statx& status) noexcept {
    return ::statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT,
                   STATX_TYPE | STATX_MODE | STATX_UID | STATX_GID, &status) == 0;
}

/// The users whose FUSE servers have mounted something, by mount id. Such a server says who owns its files.
using FuseMounts = std::map<std::string, LxcOwner, std::less<>>;

FuseMounts fuse_mounts() {
    FuseMounts mounts;
    std::string text;
    if (io::try_read_whole(AT_FDCWD, "/proc/self/mountinfo", text, most_mountinfo_bytes) != 0)
        return mounts;
    io::for_each_mount(text, [&](const io::Mount& mount) {
        if (!mount.filesystem_type.starts_with("fuse"))
            return;
        LxcOwner owner;
        std::string_view options = mount.super_options;
        while (!options.empty()) {
            std::string_view option = io::take_until(options, ',');
            const std::string_view name = io::take_until(option, '=');
            if (name == "user_id")
                owner.uid = io::parse_number<uid_t>(option).value_or(nobody);
            else if (name == "group_id")
                owner.gid = io::parse_number<gid_t>(option).value_or(nogroup);
        }
        if (owner.uid != 0)
            mounts.emplace(mount.id, owner);
    });
    return mounts;
}

/// Of the mount that `path` is on, itself not followed if it is a link; empty if it can't be told. Asks no
/// server.
std::string mount_id_of(const std::string& path) {
    const io::UniqueFd place(::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    std::string text;
    std::string id;
    if (!place ||
        io::try_read_whole(AT_FDCWD, ("/proc/self/fdinfo/" + std::to_string(place.get())).c_str(), text) != 0)
        return id;
    io::for_each_line(text, [&](std::string_view line) {
        if (io::take_until(line, '\t') == "mnt_id:")
            id = line;
    });
    return id;
}

/// Where a link at `path` leads, with the rest of the path; empty on failure.
std::string behind_link(const std::string& path, std::string_view rest) {
    std::array<char, PATH_MAX> target{};
    const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
    if (length <= 0)
        return {};
    std::string whole(target.data(), static_cast<std::size_t>(length));
    if (!whole.starts_with('/'))
        whole.insert(0, path.substr(0, path.rfind('/') + 1));
    return whole.append("/").append(rest);
}

void limit(decltype(RLIMIT_CORE) what, rlim_t most) noexcept {
    const rlimit both{most, most};
    ::setrlimit(what, &both);
}

rlim_t address_space_bytes() noexcept {
    std::array<char, 256> buffer{};
    std::string_view text = io::read_once(AT_FDCWD, "/proc/self/statm", buffer).text;
    const auto pages = io::parse_number<rlim_t>(io::take_until(text, ' '));
    return pages ? *pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) : RLIM_INFINITY - spare_bytes;
}

/// A folder of this user's that no other user can write to; the same one each time, if possible.
std::string lock_folder(uid_t uid) {
    std::string folder = "/tmp/lxcmon-lxc-" + std::to_string(uid);
    struct stat status {};
    ::mkdir(folder.c_str(), S_IRWXU);
    if (::lstat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == uid &&
        (status.st_mode & (S_IWGRP | S_IWOTH)) == 0)
        return folder;
    folder += "-XXXXXX";
    return ::mkdtemp(folder.data()) != nullptr ? folder : "/nonexistent";
}

/// Has no effect on a kernel without Landlock.
void forbid_new_files_except_in(const std::string& folder) noexcept {
    landlock_ruleset_attr rules{};
    rules.handled_access_fs =
        LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
        LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
        LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE;
    constexpr long abi_with_truncate = 3; // Linux 6.2
    constexpr std::uint64_t truncate = 1U << 14U;
    if (::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) >=
        abi_with_truncate)
        rules.handled_access_fs |= truncate;
    const io::UniqueFd ruleset(
        static_cast<int>(::syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0)));
    const io::UniqueFd place(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    landlock_path_beneath_attr locks{};
    locks.allowed_access = LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG;
    locks.parent_fd = place.get();
    ::syscall(SYS_landlock_add_rule, ruleset.get(), LANDLOCK_RULE_PATH_BENEATH, &locks, 0);
    ::syscall(SYS_landlock_restrict_self, ruleset.get(), 0);
}

} // namespace

std::optional<LxcOwner> lxcpath_owner(const std::string& lxcpath) {
    const FuseMounts users_mounts = fuse_mounts();
    std::string path = lxcpath;
    int links = 0;
    for (std::size_t end = 1; end != std::string::npos;) {
        end = path.find('/', end + 1);
        const std::string part = path.substr(0, end);
        struct statx status {};
        if (!users_mounts.empty())
            if (const auto mount = users_mounts.find(mount_id_of(part)); mount != users_mounts.end())
                return mount->second;
        if (!look_at(part, status))
            return std::nullopt;
        if (status.stx_uid != 0)
            return LxcOwner{status.stx_uid, status.stx_gid};
        if (!S_ISLNK(status.stx_mode))
            continue;
        path = behind_link(part, end == std::string::npos ? "" : std::string_view(path).substr(end + 1));
        if (path.empty() || ++links > most_links) {
            errno = ELOOP;
            return std::nullopt;
        }
        end = 0;
    }
    return LxcOwner{};
}

std::string take_rights_of(const LxcOwner& owner) {
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, largest_file_bytes);
    limit(RLIMIT_AS, address_space_bytes() + spare_bytes);
    ::signal(SIGXFSZ, SIG_IGN); // an error of write() instead
    ::prctl(PR_SET_DUMPABLE, 0);
    // As a user, liblxc locks a container in one of these folders, and loads none if it can't.
    if (::geteuid() != 0 && std::getenv("XDG_RUNTIME_DIR") == nullptr && std::getenv("HOME") == nullptr)
        ::setenv("XDG_RUNTIME_DIR", lock_folder(::geteuid()).c_str(), 1);
    if (owner.uid == 0 || ::geteuid() != 0)
        return {};
    const gid_t gid = owner.gid != 0 && owner.gid != no_id ? owner.gid : nogroup;
    if (owner.uid == no_id) // setresuid() would change nothing
        return "the agent can't become the owner of the lxcpath: it has no valid uid";
    if (::setgroups(0, nullptr) != 0 || ::setresgid(gid, gid, gid) != 0 ||
        ::setresuid(owner.uid, owner.uid, owner.uid) != 0)
        return "the agent can't become the owner of the lxcpath, uid " + std::to_string(owner.uid) + ": " +
               std::generic_category().message(errno) + "; it needs CAP_SETUID and CAP_SETGID";
    // setresuid() has reset these.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_DUMPABLE, 0);
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    const std::string locks = lock_folder(owner.uid);
    ::setenv("XDG_RUNTIME_DIR", locks.c_str(), 1);
    ::setenv("HOME", locks.c_str(), 1);
    forbid_new_files_except_in(locks);
    return {};
}

} // namespace lxcmon::discover
