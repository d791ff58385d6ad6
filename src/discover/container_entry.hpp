// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "discover/lxc_protocol.hpp"
#include "discover/lxcpath_owner.hpp"
#include "discover/managers/manager.hpp"
#include "io/unique_fd.hpp"
#include "model/container.hpp"

#include <poll.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lxcmon::discover {

/// How many messages about containers of one user are logged: the user can cause any number of them, with
/// any text.
class LogAllowance {
  public:
    explicit LogAllowance(uid_t uid) noexcept
        : uid_(uid) {}
    /// True if another message may be logged. Logs once in a period that more are left out.
    [[nodiscard]] bool take(std::int64_t now_ns);

  private:
    uid_t uid_;
    int messages_ = 0;
    std::int64_t begin_ns_ = 0; ///< of the period; CLOCK_MONOTONIC
};

/// nullptr: without a limit.
[[nodiscard]] inline bool may_log(LogAllowance* allowance, std::int64_t now_ns) {
    return allowance == nullptr || allowance->take(now_ns);
}

/// A container of the table, and what is known about it. The table asks its questions.
struct ContainerEntry {
    Container container;
    std::string uts_name; ///< lxc.uts.name, or the name from LXD
    /// Of its monitor, for each path of the lxcpath by which it may have been started.
    std::vector<std::string> socket_names;
    std::string asked_path;    ///< the path by which its monitor is asked
    std::size_t first_way = 0; ///< index of the path with which the next search for its monitor begins
    bool selected = false;     ///< by its name, or its host name in Proxmox VE; else it is not in the view
    bool seen = false;
    bool defined = false;   ///< has a configuration, not only a monitor
    bool announced = false; ///< its manager has it; liblxc knows it only once it has been started
    Manager::Clock::time_point since = Manager::Clock::now();
    std::string left_for;       ///< Manager::left_for(): not in the view unless empty
    bool ended = false;         ///< its init has ended
    bool known = false;         ///< its state is known; else it is not in the view
    std::uint64_t question = 0; ///< number of the open question; 0: none
    std::uint64_t socket = 0;   ///< inode of the monitor's socket for that; 0: none
    std::string fault;          ///< why the state is not known
    /// Of a user: a pause after a failure lasts although the monitor's socket comes or goes. nullptr: root's
    LogAllowance* allowance = nullptr;

    ContainerEntry(std::uint64_t id, const std::string& lxcpath, const std::string& name);
    /// `paths`: of its lxcpath.
    void set_paths(const std::vector<std::string>& paths);

    /// True if liblxc must be asked now. `listener`: inode of the monitor's socket, 0 without one; `way`:
    /// index of its path. A running container needs no question: this is the steady state. The state of a
    /// container is unknown from then on until the answer.
    [[nodiscard]] bool must_ask(std::uint64_t listener, std::int64_t now_ns, std::size_t way = 0);
    /// True during a pause after a failure. Of root's container each listener has a pause of its own: another
    /// user may listen by a path by which the monitor does not.
    [[nodiscard]] bool is_paused(std::uint64_t listener, std::int64_t now_ns, std::size_t way) const noexcept;
    [[nodiscard]] LxcQuestion container_question() const;
    [[nodiscard]] LxcQuestion init_question(uid_t owner) const;
    /// May hang, or may be no container: after the others.
    [[nodiscard]] bool is_doubtful() const noexcept { return failures_ != 0 || !defined; }

    /// Changes the answer of init_question() to a refusal if that process is the init of `other`.
    void refuse_init_of(const ContainerEntry& other, LxcAnswer& answer) const;
    /// Takes the answer of container_question(). True if init_question() must be asked next.
    [[nodiscard]] bool take(LxcAnswer answer, std::int64_t now_ns);
    /// Takes the answer of init_question(). True if the container runs.
    [[nodiscard]] bool take_init(const LxcAnswer& answer, std::int64_t now_ns);
    /// True for a container that was never started here: liblxc does not know it. Its state is then known.
    [[nodiscard]] bool is_only_announced(std::uint64_t listener) noexcept;
    /// Takes what the manager of the lxcpath says; nullptr: it has none. Its host name precedes lxc.uts.name.
    /// A container that runs, or may run, has not left. True if it has left, or is back, since the last call.
    [[nodiscard]] bool set_managed(const Manager* manager);
    /// What the entry of the same container in the next table has to know of it.
    struct Memory {
        Manager::Clock::time_point since;
        std::string said_left; ///< left_for as last logged
    };
    [[nodiscard]] Memory memory() const { return {since, said_left_}; }
    void take(Memory memory) {
        since = memory.since;
        said_left_ = std::move(memory.said_left);
    }
    /// Logs why its state is not known, if it is not, and has not been logged: when no later attempt is made.
    void report_left_out(std::int64_t now_ns);
    /// Logs once that the process on the monitor's socket is ignored.
    void report_untrusted(uid_t owner, std::int64_t now_ns);

  private:
    void set_host_name(std::string_view managed_name);
    void take_names(LxcAnswer& answer);
    void note_way(LxcTrouble trouble, std::int64_t now_ns);
    void fail(LxcTrouble trouble, const std::string& reason, std::int64_t now_ns);
    void note_fault(std::int64_t now_ns);

    io::UniqueFd init_; ///< pidfd of an init that is not yet checked
    pid_t init_pid_ = 0;
    struct FailedListener {
        std::uint64_t socket = 0; ///< inode
        int failures = 0;         ///< consecutive ones
        std::int64_t retry_ns = 0;
    };
    std::size_t way_ = 0;                ///< of the last question
    std::vector<FailedListener> failed_; ///< by way, since the state was known
    bool configured_ = false;            ///< its configuration was read once
    int failures_ = 0;                   ///< consecutive questions that liblxc has not answered
    std::int64_t retry_ns_ = 0;          ///< CLOCK_MONOTONIC of the next attempt after a failure
    bool had_socket_ = false; ///< at the failure: a change causes an attempt at once, if it is root's
    bool reported_untrusted_ = false;
    std::string said_left_;            ///< left_for as last logged
    std::string said_fault_;           ///< fault as last logged
    std::int64_t next_warning_ns_ = 0; ///< CLOCK_MONOTONIC
};

/// The containers of an lxcpath by name.
using ContainerEntries = std::map<std::string, std::unique_ptr<ContainerEntry>, std::less<>>;

/// "NAME (PLACE)" of each container that has left.
[[nodiscard]] std::vector<std::string> left_of(const ContainerEntries& entries);
/// Makes all unseen, except those that only a manager knows, before a list of the lxcpath is taken.
void begin_list(ContainerEntries& entries);

/// Finds the containers whose init has ended, with one poll() for all.
class EndedInits {
  public:
    void add(ContainerEntry& entry);
    /// Sets `ended` of those that were added since the last call.
    void find();

  private:
    std::vector<ContainerEntry*> entries_;
    std::vector<pollfd> polls_;
};

/// Delay after so many consecutive failures: from half a second, doubled up to half a minute.
[[nodiscard]] std::int64_t pause_after(int failures) noexcept;

} // namespace lxcmon::discover
