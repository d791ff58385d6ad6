#pragma once

#include "deliver/verdict.hpp"
#include "http/reply.hpp"

#include <ctime>
#include <span>
#include <string>

namespace lxcmon::deliver {

/// Pure. `now` is for Retry-After as a date; `secrets` are hidden wherever the server repeats them.
[[nodiscard]] Verdict judge(const Reply& reply, std::time_t now, std::span<const std::string> secrets = {});

} // namespace lxcmon::deliver
