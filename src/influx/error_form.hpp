// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "http/reply.hpp"
#include "influx/answer_text.hpp"

namespace lxcmon::influx {

/// What a 400, 413 or 422 is about.
enum class Cause {
    lines,    ///< a line: the error has the form of a server that reads line protocol
    settings, ///< no line causes this known error
    unknown,  ///< the error has no known form: a proxy, a firewall or another program may have answered
};

/// A server that stores nothing must not cost a point: only an error in the form of InfluxDB 1, 2, 3 or
/// VictoriaMetrics (docs/protocol.md) is about the lines. `reply` has status 400,
/// 413 or 422.
[[nodiscard]] Cause cause_of(const http::Reply& reply, const AnswerText& text) noexcept;

/// True for HTML or XML, as login pages, captive portals and web servers send it, also with status 200. No
/// server that stores line protocol answers so.
[[nodiscard]] bool is_web_page(const http::Reply& reply) noexcept;

} // namespace lxcmon::influx
