#pragma once

#include "deliver/verdict.hpp"
#include "http/reply.hpp"

#include <ctime>
#include <span>
#include <string>

namespace lxcmon::influx {

/// What the client can do about an answer by itself, before it sends the same lines again.
enum class Remedy {
    none,
    create_database,  ///< 404: there is no such database
    stop_compressing, ///< 415: the server does not accept gzip
};

struct Judgement {
    deliver::Verdict verdict; ///< Outcome::settings if there is a remedy
    Remedy remedy = Remedy::none;
};

/// Pure. `now` is for Retry-After as a date; `secrets` are hidden wherever the server repeats them.
[[nodiscard]] Judgement judge(const http::Reply& reply, std::time_t now,
                              std::span<const std::string> secrets = {});

} // namespace lxcmon::influx
