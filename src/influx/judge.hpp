// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "deliver/verdict.hpp"
#include "http/reply.hpp"

#include <ctime>
#include <span>
#include <string>

namespace lxcmon::influx {

/// What the client can do about an answer before it sends the same lines again.
enum class Remedy {
    none,
    create_database,  ///< 404: the database does not exist
    stop_compressing, ///< 415: the server does not accept gzip
};

struct Judgement {
    deliver::Verdict verdict; ///< with a remedy: Outcome::settings
    Remedy remedy = Remedy::none;
    bool unknown_form = false; ///< a web page, or a 400, 413 or 422 that no known server sends
};

/// Decides what an answer means: the table in docs/protocol.md. `now` is used for a Retry-After that is a
/// date; `secrets` are replaced by *** in the message. Pure.
[[nodiscard]] Judgement judge(const http::Reply& reply, std::time_t now,
                              std::span<const std::string> secrets = {});

} // namespace lxcmon::influx
