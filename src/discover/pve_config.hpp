#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

/// Proxmox VE's configurations of containers (pct.conf(5)): what of them tells a host name.
namespace lxcmon::discover {

/// Host names by VMID.
using HostNames = std::map<std::string, std::string, std::less<>>;

/// The value of `hostname:` in the top part of a configuration: behind the first line that begins with `[`
/// are snapshots and changes to come. Nothing where it is not set, or is no host name (hostname(7)).
[[nodiscard]] std::optional<std::string> pve_host_name(std::string_view conf);

/// Reads all VMID.conf of `folder`, an absolute path; on Proxmox VE that may hang for ever. One that can't be
/// read keeps the name that it has in `before`. Returns 0, or the errno of listing the folder: then `names`
/// does not count.
[[nodiscard]] int read_pve_folder(const std::string& folder, const HostNames& before, HostNames& names);

} // namespace lxcmon::discover
