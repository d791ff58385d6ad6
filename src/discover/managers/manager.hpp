// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "discover/managers/answer.hpp"
#include "discover/settings.hpp"
#include "io/worker_process.hpp"
#include "model/finding.hpp"

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace lxcmon::discover {

/// What tells one kind of manager from another.
struct ManagerKind {
    /// Runs in the process of a scan: sends what encode() returns. `place`: what is read or asked.
    using Scan = void (*)(int socket, const std::string& place, const ManagerAnswer& before);

    const char* name;    ///< for people
    const char* worker;  ///< name of the process; see io::WorkerProcess
    const char* service; ///< that answers
    /// Has containers that liblxc does not know, since they were never started; else a host without
    /// containers need not ask.
    bool announces;
    Scan scan;
    /// Whether the container is one of this manager's: only of that it says that it is elsewhere, or does not
    /// exist any more.
    bool (*is_its)(const Container& container);
    const char* too_old; ///< what ENOTSUP of a scan means; nullptr: it has no such meaning
};

[[nodiscard]] const ManagerKind& proxmox_ve() noexcept;
/// LXD or Incus.
[[nodiscard]] const ManagerKind& instance_daemon() noexcept;

/// The manager of the containers of an lxcpath, asked for what it says of them, which changes without a
/// restart. It may hang: Proxmox VE's configurations are in a FUSE filesystem (pmxcfs) whose daemon may wait
/// for the cluster. A process that waits for the daemon can't be killed, and a thread there would keep the
/// agent from ending. LXD and Incus answer at a unix socket. So each scan is a forked process, and a hung one
/// is abandoned. Sampling thread only.
class Manager {
  public:
    using Clock = std::chrono::steady_clock;

    Manager(ManagerKind kind, std::string place, const ManagerSettings& settings)
        : kind_(kind)
        , place_(std::move(place))
        , settings_(settings)
        , worker_(kind.worker)
        , retry_(settings.first_retry) {}

    /// `has_containers`: of its lxcpath. Takes the results of a scan, and starts the next one if it is due.
    /// The first call waits for up to `first_wait` if it `may_wait`. True if a scan has ended with an answer.
    /// Logs when scans begin to fail or hang, and when they work again; until then the answer does not
    /// change. As long as there is no answer, a scan that fails is tried again soon: containers that have
    /// left are not known.
    [[nodiscard]] bool refresh(bool has_containers = true, bool may_wait = true);
    [[nodiscard]] bool announces() const noexcept { return kind_.announces; }
    /// False on a host where it need not be asked.
    [[nodiscard]] bool was_asked() const noexcept { return !is_first_; }

    [[nodiscard]] const ManagerAnswer& answer() const noexcept { return answer_; }
    static constexpr std::string_view destroyed = "destroyed";
    /// nullptr if the container is unknown. Valid until the next refresh().
    [[nodiscard]] const Managed* find(std::string_view name) const noexcept;
    /// Where a container that does not run, and is known since `since`, is now: the name of another host;
    /// `destroyed` if it does not exist any more. Empty if it is here, and if nothing is known. Valid until
    /// the next refresh().
    [[nodiscard]] std::string_view left_for(const Container& container,
                                            Clock::time_point since) const noexcept;

    /// For the command `check`. `left`: containers that have left.
    [[nodiscard]] Finding finding(std::span<const std::string> left) const;

  private:
    void start();
    bool receive(std::chrono::milliseconds wait);
    bool finish_scan();
    void ask_soon();
    void note(std::string trouble);
    [[nodiscard]] bool is_too_old() const noexcept {
        return kind_.too_old != nullptr && trouble_ == kind_.too_old;
    }

    ManagerKind kind_;
    std::string place_;
    ManagerSettings settings_;
    bool is_first_ = true;
    io::WorkerProcess worker_; ///< runs the scan
    std::string text_;         ///< received so far
    std::string last_text_;    ///< of answer_; empty: none yet
    Clock::time_point since_{}, next_{};
    std::chrono::milliseconds retry_; ///< pause after the next failure
    Clock::time_point asked_{};       ///< begin of the scan that answer_ is of
    int error_ = 0;                   ///< errno of the last scan
    ManagerAnswer answer_;
    std::string trouble_; ///< as last logged
};

/// For a Scan: sends `answer` in pieces.
void send_answer(int socket, const ManagerAnswer& answer, int error) noexcept;

/// Proxmox VE, if this is a Proxmox VE host and its containers are here (`is_pve`); else LXD or Incus at
/// `daemon_socket`; nullptr if that is empty. Touches no lxcpath.
[[nodiscard]] std::unique_ptr<Manager> find_manager(bool is_pve, const std::string& daemon_socket,
                                                    const DiscoverSettings& settings);

} // namespace lxcmon::discover
