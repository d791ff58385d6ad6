// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/lxc_worker.hpp"

#include "discover/init_check.hpp"
#include "discover/lxc_api.hpp"
#include "discover/lxc_protocol.hpp"
#include "discover/managers/lxd_names.hpp"
#include "discover/monitors/peer.hpp"
#include "discover/user_rights.hpp"
#include "io/parse.hpp"
#include "io/pidfd.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <system_error>

namespace lxcmon::discover {
namespace {

/// Each container takes memory of the agent and time of its ticks.
constexpr std::size_t most_of_a_user = 1000;

/// liblxc would only report that there is no handle. Containers of LXD and Incus have no such file.
void check_readable(const std::string& config) {
    struct stat status {};
    const bool exists = ::stat(config.c_str(), &status) == 0;
    if (exists && !S_ISREG(status.st_mode))
        throw std::runtime_error("configuration " + config + " is not a regular file");
    if (exists && static_cast<std::size_t>(status.st_size) > largest_config_bytes)
        throw std::runtime_error("configuration " + config + " has " + std::to_string(status.st_size) +
                                 " bytes, expected at most " + std::to_string(largest_config_bytes) +
                                 ": liblxc would not read the rest");
    if (::access(config.c_str(), R_OK) != 0 && errno != ENOENT)
        throw std::runtime_error("configuration " + config + " can't be read by uid " +
                                 std::to_string(::geteuid()) + ": " + std::generic_category().message(errno));
}

/// Throws if the monitor can't be asked: liblxc gives the name of no state then.
std::string state_of(const LxcHandle& handle) {
    std::string state = handle.state();
    if (!is_lxc_state(state))
        throw std::runtime_error("its monitor can't be asked for the state (liblxc: " + state + ")");
    return state;
}

class Worker {
  public:
    explicit Worker(const LxcOwner& owner)
        : owner_(owner)
        , refusal_(take_rights_of(owner)) {}

    LxcAnswer answer(const LxcQuestion& question) {
        LxcAnswer made;
        try {
            if (!refusal_.empty())
                throw std::runtime_error(refusal_);
            ask(question, made);
        } catch (const std::exception& error) {
            made = {};
            made.trouble = LxcTrouble::fault;
            made.fault = error.what();
        }
        made.number = question.number;
        return made;
    }

  private:
    void ask(const LxcQuestion& question, LxcAnswer& made) {
        switch (question.ask) {
        case LxcAsk::owner:
            ask_owner(question, made);
            break;
        case LxcAsk::list:
            check_owner(question);
            ask_list(question, made);
            break;
        case LxcAsk::container:
            check_owner(question);
            ask_container(question, made);
            break;
        case LxcAsk::init:
            check_init(question, made);
            break;
        case LxcAsk::defaults:
            made.paths = default_lxcpaths();
            break;
        }
    }

    void ask_list(const LxcQuestion& question, LxcAnswer& made) const {
        const std::string& lxcpath = question.lxcpath;
        made.names = list_defined(lxcpath);
        made.folder = folder_of(lxcpath);
        made.others = other_paths(lxcpath, made.folder, owner_.uid, question.others);
        made.is_pve = lxcpath == question.pve_lxcpath || leads_to(question.pve_lxcpath, made.folder);
        if (owner_.uid == 0) {
            add_lxd_names(lxcpath, made.names);
            made.daemon_socket = lxd_socket(lxcpath);
        } else if (made.names.size() > most_of_a_user)
            throw std::runtime_error("listing the containers of " + lxcpath + ": it has " +
                                     std::to_string(made.names.size()) + " containers, expected at most " +
                                     std::to_string(most_of_a_user) + " in an lxcpath of an ordinary user");
    }

    static LxcpathOwner owner_of(const std::string& lxcpath) {
        const auto found = lxcpath_owner(lxcpath);
        if (!found)
            throw std::system_error(errno, std::generic_category(), "looking for the owner of " + lxcpath);
        return *found;
    }

    static void ask_owner(const LxcQuestion& question, LxcAnswer& made) {
        const LxcpathOwner found = owner_of(question.lxcpath);
        made.owner = found.owner;
        made.may_hang = found.may_hang;
    }

    /// With root's rights liblxc reads only what no user can have put there.
    void check_owner(const LxcQuestion& question) const {
        if (owner_.uid != 0)
            return;
        if (const LxcOwner now = owner_of(question.lxcpath).owner; now.uid != 0)
            throw std::runtime_error(question.lxcpath + " is uid " + std::to_string(now.uid) +
                                     "'s now, and was root's");
    }

    void ask_container(const LxcQuestion& question, LxcAnswer& made) {
        const MonitorPeer peer =
            question.active ? monitor_peer(question.lxcpath, question.name, owner_.uid) : MonitorPeer::absent;
        if (peer == MonitorPeer::silent) {
            made.trouble = LxcTrouble::silent;
            made.fault = "its monitor does not answer: check for a stopped or hung process [lxc monitor]";
            return;
        }
        made.untrusted = peer == MonitorPeer::untrusted;
        const bool active = peer == MonitorPeer::trusted;
        const pid_t monitor = active ? monitor_pid(question.lxcpath, question.name, owner_.uid) : 0;
        check_readable(question.lxcpath + "/" + question.name + "/config");
        const LxcHandle handle(question.lxcpath, question.name);
        made.uts_name = handle.config_item("lxc.uts.name", active);
        made.lxd_name = lxd_instance_name(question.lxcpath, question.name);
        made.cgroup_dir = handle.config_item("lxc.cgroup.dir.container", active);
        made.state = active ? state_of(handle) : "STOPPED";
        // Until it is RUNNING, init may still be on the host's root filesystem and network.
        if (made.state == "RUNNING" || made.state == "FROZEN")
            find_init(handle, made);
        if (const char* const why = active ? why_no_answer(question, monitor, made.state) : nullptr) {
            made = {};
            made.trouble = LxcTrouble::silent;
            made.fault = why;
        }
    }

    /// Why the answer of the monitor that was checked, a process, does not count; nullptr if it does. liblxc
    /// connects for each of its questions: another process may have taken the name of a monitor that has
    /// ended. liblxc takes an incomplete answer for STOPPED. A monitor that listens has this state for a
    /// moment only.
    const char* why_no_answer(const LxcQuestion& question, pid_t monitor, const std::string& state) const {
        if (monitor == 0 || monitor_pid(question.lxcpath, question.name, owner_.uid) != monitor)
            return "its monitor has ended while it was asked";
        if (state != "STOPPED")
            return nullptr;
        return ::geteuid() == 0 || ::geteuid() == owner_.uid
                   ? "its monitor gives no valid state (liblxc: STOPPED) and goes on listening; "
                     "restart the container"
                   : "its monitor answers its own user and root alone: run lxcmon-push as root";
    }

    void find_init(const LxcHandle& handle, LxcAnswer& made) {
        init_ = handle.init_pidfd();
        made.init_pid = init_ ? io::pid_of(init_.get()) : 0;
        if (made.init_pid != 0) {
            made.state = "RUNNING"; // also while frozen: the cgroup has that
            return;
        }
        std::string state = state_of(handle);
        if (state == made.state)
            throw std::runtime_error("liblxc returns no pidfd of its init");
        made.state = std::move(state);
    }

    /// The agent has opened a pidfd of its own meanwhile. If init is alive now, it is the same process.
    void check_init(const LxcQuestion& question, LxcAnswer& made) {
        if (question.owner == 0) {
            if (!io::is_alive(init_.get())) {
                made.trouble = LxcTrouble::silent;
                made.fault = "its init has ended";
            }
            return;
        }
        const std::string refusal = why_not_init_of(question.owner, question.init_pid, question.cgroup_dir);
        if (!refusal.empty())
            throw std::runtime_error("its monitor names process " + std::to_string(question.init_pid) +
                                     " as its init, which is " + refusal);
    }

    LxcOwner owner_;
    std::string refusal_;
    io::UniqueFd init_; ///< of the last question about a container
};

void send_answer(int socket, const std::string& answer) noexcept {
    std::string_view rest = answer;
    do {
        const std::string piece = take_piece(rest);
        if (::send(socket, piece.data(), piece.size(), MSG_NOSIGNAL) < 0)
            ::_exit(1);
    } while (!rest.empty());
}

/// First argument of a program that is executed as a worker; uid and gid follow.
constexpr const char* worker_argument = "lxcmon-liblxc-worker";
constexpr std::size_t worker_arguments = 4;
bool main_serves_workers = false;

/// With the worker's end of the pair as standard input, as io::WorkerProcess leaves it.
[[noreturn]] void execute_worker(const LxcOwner& owner) {
    std::string name = lxc_worker_name(owner), word = worker_argument, uid = std::to_string(owner.uid),
                gid = std::to_string(owner.gid);
    const std::array<char*, worker_arguments + 1> arguments{name.data(), word.data(), uid.data(), gid.data(),
                                                            nullptr};
    const std::array<char*, 1> environment{nullptr};
    ::execve("/proc/self/exe", arguments.data(), environment.data());
    ::_exit(1);
}

[[noreturn]] void serve(int socket, const LxcOwner& owner) noexcept {
    // liblxc prints errors; without these, a file that it opens would get them.
    for (int number = STDOUT_FILENO; number <= STDERR_FILENO; ++number)
        ::open("/dev/null", O_WRONLY);
    Worker worker(owner);
    std::string message(4 * piece_bytes_most, '\0');
    for (;;) {
        const ssize_t length = ::recv(socket, message.data(), message.size(), 0);
        if (length < 0 && errno == EINTR)
            continue;
        const auto question = decode_question(
            std::string_view(message).substr(0, static_cast<std::size_t>(std::max<ssize_t>(length, 0))));
        if (!question)
            ::_exit(length == 0 ? 0 : 1);
        send_answer(socket, encode(worker.answer(*question)));
    }
}

/// A user's two processes have the same name if its uid is long.
std::string name_for(const char* prefix, uid_t uid) {
    constexpr uid_t most_of_seven_digits = 9'999'999;
    if (uid <= most_of_seven_digits)
        return prefix + std::to_string(uid);
    std::array<char, 16> name{};
    std::snprintf(name.data(), name.size(), "lxcmon-%08x", uid);
    return name.data();
}

} // namespace

void run_lxc_worker(int socket, const LxcOwner& owner) noexcept {
    if (main_serves_workers && socket == STDIN_FILENO && owner.uid != ::geteuid())
        execute_worker(owner);
    serve(socket, owner);
}

void serve_as_lxc_worker(std::span<char* const> arguments) noexcept {
    main_serves_workers = true;
    if (arguments.size() != worker_arguments || std::string_view(arguments[1]) != worker_argument)
        return;
    const auto uid = io::parse_number<uid_t>(arguments[2]);
    const auto gid = io::parse_number<gid_t>(arguments[3]);
    if (!uid || !gid)
        ::_exit(1);
    ::prctl(PR_SET_NAME, arguments[0]);
    serve(STDIN_FILENO, {*uid, *gid});
}

std::string lxc_worker_name(const LxcOwner& owner) {
    return owner.uid == 0 ? "lxcmon-lxc" : name_for("lxcmon-u", owner.uid);
}

std::string init_worker_name(const LxcOwner& owner) {
    return name_for("lxcmon-i", owner.uid);
}

} // namespace lxcmon::discover
