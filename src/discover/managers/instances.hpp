// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "discover/managers/answer.hpp"

#include <string>
#include <string_view>

/// The containers of LXD and Incus, as their REST API has them.
namespace lxcmon::discover {

/// Asks the daemon at a unix socket for the containers of all projects. May hang without end. Returns 0, or
/// an errno: EPROTO for an answer that is no HTTP with status 200, no JSON or not the API's, EACCES for a
/// socket of another user, ENOTSUP for a daemon that can't list all projects (LXD before 4.20), EFBIG above
/// 32 MiB, EOVERFLOW for most_managed containers. `answer` is then incomplete.
[[nodiscard]] int ask_for_instances(const std::string& socket_path, ManagerAnswer& answer);

/// Takes the answers to GET /1.0 and GET /1.0/instances?recursion=1&all-projects=true. A container is
/// elsewhere if the daemon is one of a cluster and another member has it. The name is that of liblxc:
/// PROJECT_name outside the project `default`. onboot is boot.autostart, cores is limits.cpu if that is a
/// number, disks are the devices of type disk that have a mount point, all also from profiles. Returns 0,
/// EPROTO or EOVERFLOW.
[[nodiscard]] int parse_instances(std::string_view server, std::string_view instances, ManagerAnswer& answer);

} // namespace lxcmon::discover
