#pragma once

#include <string>
#include <vector>

namespace lxcmon::discover {

/// LXD and Incus keep no liblxc configuration in their lxcpath, so that liblxc lists none of their stopped
/// containers: there each folder or link is a container. Adds these names where `lxcpath` is such a path (a
/// `database` folder stands beside it); nothing elsewhere, and nothing where it can't be read.
void add_lxd_names(const std::string& lxcpath, std::vector<std::string>& names);

/// The instance's own name, which LXD and Incus make its host name: of `PROJECT_web` it is `web` (neither
/// project nor instance may have an underscore). Needs no running container. Empty where `lxcpath` is no
/// such path.
[[nodiscard]] std::string lxd_instance_name(const std::string& lxcpath, const std::string& name);

} // namespace lxcmon::discover
