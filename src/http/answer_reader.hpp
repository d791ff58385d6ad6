#pragma once

#include "http/reply.hpp"

#include <cstddef>
#include <string_view>

namespace lxcmon::http {

/// The most of an answer's body that is kept; what follows is read and thrown away. InfluxDB 3 lists each
/// refused line of a batch, at some 300 bytes.
inline constexpr std::size_t kept_body_bytes = std::size_t{1024} * 1024;

/// One line of an answer's head, with or without its CR LF. A status line starts the answer afresh
/// (after 100 Continue); of the headers those in Reply are kept, up to 1 KiB each.
void read_head_line(std::string_view line, Reply& reply);

void read_body(std::string_view bytes, Reply& reply);

/// A whole answer as it came from the socket. False where it is no HTTP answer; then `reply` is as it was.
bool read_answer(std::string_view bytes, Reply& reply);

} // namespace lxcmon::http
