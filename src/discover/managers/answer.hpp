// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/container.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

/// What Proxmox VE, LXD or Incus says of its containers, and the text in which the process that has asked
/// passes it on.
namespace lxcmon::discover {

/// By the containers' names in their lxcpath.
struct ManagerAnswer {
    std::map<std::string, Managed, std::less<>> here;
    std::map<std::string, std::string, std::less<>> elsewhere; ///< name of the other host

    friend bool operator==(const ManagerAnswer&, const ManagerAnswer&) = default;
};

/// Most containers of an answer, here and elsewhere.
constexpr std::size_t most_managed = 50'000;
/// Longest text of an answer: further than this it is refused.
constexpr std::size_t most_answer_bytes = 16U << 20U;

/// Most disk devices of a container.
constexpr std::size_t most_disks = 64;

/// Takes a setting of a container by its name in pct.conf(5): hostname, lock, tags, onboot, template, cores;
/// or `disk` with the value "DEVICE MOUNT_POINT", for one more of LXD's or Incus's. False, and no change, for
/// another key and for an invalid value: a host name that is none (hostname(7)), a lock, tag or device with
/// other signs than its manager allows or longer than 1,000 bytes, a mount point that is no path or has
/// control characters, a disk more than most_disks.
bool take_setting(std::string_view key, std::string_view value, Managed& managed);

/// True for the name of a container, or of a host, that an answer may have.
[[nodiscard]] bool is_managed_name(std::string_view name) noexcept;

/// The text: a line "here NAME", then one "key: value" for each setting; a line "elsewhere HOST NAME" for
/// each container that is not here; at last "end ERRNO".
[[nodiscard]] std::string encode(const ManagerAnswer& answer, int error);
/// The other way round: returns that errno. EIO for a text without its end or with a malformed line: `answer`
/// is then incomplete.
[[nodiscard]] int decode(std::string_view text, ManagerAnswer& answer);

} // namespace lxcmon::discover
