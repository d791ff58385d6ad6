// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"

#include <memory>
#include <string>
#include <vector>

struct lxc_container;

/// Owning wrappers of liblxc. No other folder uses liblxc.
namespace lxcmon::discover {

/// lxc.lxcpath of /etc/lxc/lxc.conf or liblxc's built-in default, and the lxcpaths of LXD and Incus that
/// exist on this host. liblxc reads that file once in a process: LxcClient starts a new one for this.
[[nodiscard]] std::vector<std::string> default_lxcpaths();
[[nodiscard]] std::string liblxc_version();

/// Names of the containers that have a configuration below `lxcpath`. Queries no monitor.
/// Throws std::system_error with the path if liblxc fails.
[[nodiscard]] std::vector<std::string> list_defined(const std::string& lxcpath);

/// A handle of one container. Its functions query the monitor over a socket and block while the monitor is
/// stopped: call them only after a change, and only if monitor_peer() gives `trusted`. Loading may hang or
/// crash on what the configuration contains. Only run_lxc_worker() uses it.
class LxcHandle {
  public:
    /// Throws std::bad_alloc or, if liblxc returns no handle, std::runtime_error.
    LxcHandle(const std::string& lxcpath, const std::string& name);

    /// "RUNNING", "STOPPED", "STARTING", ...
    [[nodiscard]] std::string state() const;
    /// A pidfd of the container's init; empty if it is not running.
    [[nodiscard]] io::UniqueFd init_pidfd() const;
    /// A value of the configuration file or, if that has none and `running`, of the running container (LXD,
    /// Incus). Empty if not set.
    [[nodiscard]] std::string config_item(const char* key, bool running) const;

  private:
    struct Put {
        void operator()(lxc_container* container) const noexcept;
    };
    std::unique_ptr<lxc_container, Put> container_;
};

} // namespace lxcmon::discover
