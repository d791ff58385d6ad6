#pragma once

#include "discover/pve_config.hpp"
#include "discover/settings.hpp"
#include "io/worker_process.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace lxcmon::discover {

/// Proxmox VE's host names of containers, which change there without a restart. They stand in a FUSE
/// filesystem (pmxcfs) that hangs at times, for example while its daemon waits for the cluster. Who waits for
/// an answer that the daemon owes can't even be killed, and with a thread the whole agent could not end: so a
/// process is forked for each look; one that hangs is left behind. Sampling thread only.
class PveNames {
  public:
    explicit PveNames(PveSettings settings)
        : settings_(std::move(settings)) {}

    /// Takes what has been found, and has it looked for anew when that is due; the first call looks whether
    /// this is a host of Proxmox VE, and waits for `first_wait`. Logs when reading begins to fail or to hang,
    /// and when that is over: in between the names stay as they were.
    void refresh();

    /// Empty where nothing is known. Valid until the next refresh().
    [[nodiscard]] std::string_view find(std::string_view vmid) const noexcept;

  private:
    using Clock = std::chrono::steady_clock;

    void start();
    void take(std::chrono::milliseconds wait);
    void take_answer();
    void note(std::string trouble);

    PveSettings settings_;
    bool looked_ = false, is_pve_ = false;
    io::WorkerProcess worker_; ///< looks now
    std::string text_;         ///< what it has said so far
    Clock::time_point since_{}, next_{};
    int error_ = 0; ///< errno of the last look
    HostNames names_;
    std::string trouble_; ///< as it was logged last
};

} // namespace lxcmon::discover
