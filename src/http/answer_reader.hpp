// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "http/reply.hpp"

#include <cstddef>
#include <string_view>

namespace lxcmon::http {

/// Bytes of a response body that are kept; the rest is read and discarded. InfluxDB 3 lists each refused line
/// of a batch, in about 300 bytes.
inline constexpr std::size_t kept_body_bytes = std::size_t{1024} * 1024;

/// Adds one line of the response head, with or without its CR LF. A status line resets `reply` (after
/// 100 Continue). Only the headers in Reply are kept, up to 1 KiB each.
void read_head_line(std::string_view line, Reply& reply);

/// Appends to the body, up to kept_body_bytes.
void read_body(std::string_view bytes, Reply& reply);

/// Parses a response as received from the socket. Returns false, leaving `reply` unchanged, if `bytes` is not
/// an HTTP response with a final status.
bool read_answer(std::string_view bytes, Reply& reply);

} // namespace lxcmon::http
