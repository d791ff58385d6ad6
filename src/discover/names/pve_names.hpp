// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "discover/names/pve_config.hpp"
#include "discover/settings.hpp"
#include "io/worker_process.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace lxcmon::discover {

/// Runs in the process of a scan: sends what encode() returns for the folder.
void send_pve_names(int socket, const std::string& folder, const HostNames& before) noexcept;

/// Host names of containers from Proxmox VE, which change there without a restart. The configurations are in
/// a FUSE filesystem (pmxcfs) that may hang, for example while its daemon waits for the cluster. A process
/// that waits for the daemon can't be killed, and a thread there would keep the agent from ending. So each
/// scan is a forked process, and a hung one is abandoned. Sampling thread only.
class PveNames {
  public:
    using Scan = void (*)(int socket, const std::string& folder, const HostNames& before);

    explicit PveNames(PveSettings settings, Scan scan = &send_pve_names)
        : settings_(std::move(settings))
        , scan_(scan) {}

    /// Takes the results of a scan, and starts the next one if it is due. Until this is a Proxmox VE
    /// host, that is checked once in a period. The first call waits for up to `first_wait`. Logs when scans
    /// begin to fail or hang, and when they work again; until then the names do not change.
    void refresh();

    /// True if this is a Proxmox VE host.
    [[nodiscard]] bool is_pve() const noexcept { return is_pve_; }
    /// Host name of a VMID; empty if unknown. Valid until the next refresh().
    [[nodiscard]] std::string_view find(std::string_view vmid) const noexcept;

  private:
    using Clock = std::chrono::steady_clock;

    void start();
    void receive(std::chrono::milliseconds wait);
    void finish_scan();
    void note(std::string trouble);

    PveSettings settings_;
    Scan scan_;
    bool checked_ = false, is_pve_ = false;
    io::WorkerProcess worker_{"lxcmon-pve"}; ///< runs the scan
    std::string text_;                       ///< received so far
    Clock::time_point since_{}, next_{};
    int error_ = 0; ///< errno of the last scan
    HostNames names_;
    std::string trouble_; ///< as last logged
};

} // namespace lxcmon::discover
