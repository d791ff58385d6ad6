// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sample/network/link.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace lxcmon::sample {

// Parse datagrams of rtnetlink (netlink(7), rtnetlink(7)). Any bytes are safe: lengths in messages are
// compared with the bytes that are there.

/// Whether a dump goes on after a datagram.
struct DumpStep {
    bool ended = false;
    int error = 0; ///< errno of a dump that has ended; 0: complete
};

/// Parses a datagram of a dump of interfaces. Calls `on_link` for each interface, at most `left` times, and
/// reduces `left`. At 0 the dump has ended. EBADMSG: malformed.
[[nodiscard]] DumpStep parse_dump(std::span<const char> datagram, const OnLink& on_link, std::size_t& left);

/// Parses the answer to the request for one interface. Returns 0 or an errno: the kernel's, or EBADMSG.
[[nodiscard]] int parse_answer(std::span<const char> datagram, Link& link) noexcept;

/// Parses the answer to RTM_GETNSID: -1 if the namespace has no id, nullopt if this is no such answer.
[[nodiscard]] std::optional<std::int32_t> parse_namespace_id(std::span<const char> datagram) noexcept;

} // namespace lxcmon::sample
