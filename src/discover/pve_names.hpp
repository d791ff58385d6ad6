#pragma once

#include "discover/pve_config.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

namespace lxcmon::discover {

struct PveSettings {
    std::string folder = "/etc/pve/lxc"; ///< absolute, at least three components: the second is the mount
    std::chrono::milliseconds period{60'000};
    std::chrono::milliseconds first_wait{200};  ///< for the first look, which most often takes no time
    std::chrono::milliseconds patience{10'000}; ///< a look that takes longer hangs
};

/// Proxmox VE's host names of containers, which change there without a restart. They stand in a FUSE
/// filesystem (pmxcfs) that hangs at times, for example while its daemon waits for the cluster: a thread of
/// its own reads it, and is left to itself where that hangs. Sampling thread only.
class PveNames {
  public:
    explicit PveNames(PveSettings settings)
        : settings_(std::move(settings)) {}
    /// Waits at most `first_wait`: a thread that hangs ends when the filesystem answers, or with the program.
    ~PveNames();
    PveNames(const PveNames&) = delete;
    PveNames& operator=(const PveNames&) = delete;

    /// Takes what the thread has found; the first call starts it where this is a host of Proxmox VE, which is
    /// behind the fork of the helper process. Logs when reading begins to fail or to hang, and when that is
    /// over: in between the names stay as they were. Never touches the filesystem itself.
    void refresh();

    /// Empty where nothing is known. Valid until the next refresh().
    [[nodiscard]] std::string_view find(std::string_view vmid) const noexcept;

  private:
    struct Shared;
    void start();
    void note(std::string trouble);

    PveSettings settings_;
    bool looked_ = false;
    std::shared_ptr<Shared> shared_; ///< with the thread, which may outlive this; none on other hosts
    std::thread thread_;
    std::shared_ptr<const HostNames> names_;
    std::string trouble_; ///< as it was logged last
};

} // namespace lxcmon::discover
