#pragma once

#include "deliver/target.hpp"
#include "push/config.hpp"

#include <cstddef>
#include <ctime>
#include <string>

namespace lxcmon::push {

/// What the agent has to say of itself in a line, for `systemctl status`: "42 containers; last delivery
/// 12:00:10; spool empty". `troubled`: containers that could not be sampled whole; `now`: tells which
/// deliveries were on another day.
[[nodiscard]] std::string status_line(const DestinationSettings& settings, std::size_t containers,
                                      std::size_t troubled, const deliver::Target::Status& delivery,
                                      std::time_t now);

} // namespace lxcmon::push
