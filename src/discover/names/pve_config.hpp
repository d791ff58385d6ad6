// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

/// Host names in Proxmox VE's configurations of containers (pct.conf(5)).
namespace lxcmon::discover {

/// Host names by VMID.
using HostNames = std::map<std::string, std::string, std::less<>>;

/// The value of `hostname:` in the first section of a configuration; sections that begin with a line `[...]`
/// are snapshots and pending changes. nullopt if it is not set or not a valid host name (hostname(7)).
[[nodiscard]] std::optional<std::string> pve_host_name(std::string_view conf);

/// Reads all VMID.conf of `folder`, an absolute path; on Proxmox VE this may hang without end. For a file
/// that can't be read, the name in `before` is kept. Returns 0, or the errno of listing the folder: `names`
/// is then incomplete.
[[nodiscard]] int read_pve_folder(const std::string& folder, const HostNames& before, HostNames& names);

/// The result of read_pve_folder() as the text that its process sends: a line "VMID NAME" for each name, then
/// "end ERRNO".
[[nodiscard]] std::string encode(const HostNames& names, int error);
/// The other way round: returns that errno. EIO for a text without its end or with a malformed line: `names`
/// is then incomplete.
[[nodiscard]] int decode_names(std::string_view text, HostNames& names);

} // namespace lxcmon::discover
