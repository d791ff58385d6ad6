// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "deliver/target.hpp"
#include "push/config.hpp"

#include <cstddef>
#include <ctime>
#include <string>

namespace lxcmon::push {

/// The state of the agent in one line, for `systemctl status`: "42 containers; last delivery 12:00:10; spool
/// empty". `troubled` is the number of containers with an incomplete sample. If the last delivery was not on
/// the day of `now`, the line has its date.
[[nodiscard]] std::string status_line(const DestinationSettings& settings, std::size_t containers,
                                      std::size_t troubled, const deliver::Target::Status& delivery,
                                      std::time_t now);

} // namespace lxcmon::push
