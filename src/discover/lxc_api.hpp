#pragma once

#include "io/unique_fd.hpp"

#include <memory>
#include <string>
#include <vector>

struct lxc_container;

/// liblxc behind small owning types. Nothing of liblxc leaves this folder.
namespace lxcmon::discover {

/// liblxc's own lxc.lxcpath, of /etc/lxc/lxc.conf, or its built-in default.
[[nodiscard]] std::string default_lxcpath();
[[nodiscard]] std::string liblxc_version();

/// Names of the containers that have a configuration below `lxcpath`. Asks no monitor.
/// Throws std::system_error naming the path where liblxc can't tell.
[[nodiscard]] std::vector<std::string> list_defined(const std::string& lxcpath);

/// A handle on one container. Its monitor is asked over a socket: a question blocks while the monitor is
/// stopped, so ask only when something has changed.
class LxcHandle {
  public:
    /// Throws std::bad_alloc or std::runtime_error where liblxc gives no handle.
    LxcHandle(const std::string& lxcpath, const std::string& name);

    /// "RUNNING", "STOPPED", "STARTING", ...
    [[nodiscard]] std::string state() const;
    /// A pidfd of the container's init; empty where there is none.
    [[nodiscard]] io::UniqueFd init_pidfd() const;
    /// A value of the configuration, or of the running container's where there is no file (LXD, Incus). Empty
    /// where not set.
    [[nodiscard]] std::string config_item(const char* key, bool running) const;

  private:
    struct Put {
        void operator()(lxc_container* container) const noexcept;
    };
    std::unique_ptr<lxc_container, Put> container_;
};

} // namespace lxcmon::discover
