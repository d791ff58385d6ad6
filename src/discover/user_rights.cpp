// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/user_rights.hpp"

#include "io/kernel_file.hpp"
#include "io/parse.hpp"
#include "io/unique_fd.hpp"

#include <dirent.h>
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
#include <csignal>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <system_error>

namespace lxcmon::discover {
namespace {

/// liblxc allocates what a monitor's answer says it needs.
constexpr rlim_t spare_bytes = 128U << 20U;
constexpr uid_t no_id = static_cast<uid_t>(-1);

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

/// A folder of this user's that no other user can write to.
bool is_own_folder(const std::string& path, uid_t uid) noexcept {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == uid &&
           (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/// The same one each time, also if another user has taken the usual name.
std::string lock_folder(uid_t uid) {
    const std::string parent = "/tmp/";
    std::string name = "lxcmon-lxc-" + std::to_string(uid);
    ::mkdir((parent + name).c_str(), S_IRWXU);
    if (is_own_folder(parent + name, uid))
        return parent + name;
    name += '-';
    const std::unique_ptr<DIR, int (*)(DIR*)> others(::opendir(parent.c_str()), &::closedir);
    while (const dirent* each = others ? ::readdir(others.get()) : nullptr)
        if (std::string_view(each->d_name).starts_with(name) && is_own_folder(parent + each->d_name, uid))
            return parent + each->d_name;
    std::string made = parent + name + "XXXXXX";
    return ::mkdtemp(made.data()) != nullptr ? made : "/nonexistent";
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

std::string take_rights_of(const LxcOwner& owner) {
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, largest_config_bytes);
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
