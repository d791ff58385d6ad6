#pragma once

#include "deliver/verdict.hpp"
#include "http/reply.hpp"

#include <ctime>
#include <span>
#include <string>

namespace lxcmon::influx {

/// Pure. `now` is for Retry-After as a date; `secrets` are hidden wherever the server repeats them.
[[nodiscard]] deliver::Verdict judge(const http::Reply& reply, std::time_t now,
                                     std::span<const std::string> secrets = {});

} // namespace lxcmon::influx
