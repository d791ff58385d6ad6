// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"
#include "sample/network/link.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace lxcmon::sample {

/// Opens an rtnetlink socket in the calling thread's network namespace. Only the kernel can send to it. Empty
/// with errno on failure.
[[nodiscard]] io::UniqueFd open_rtnetlink() noexcept;

/// Calls `on_link` for each interface of the socket's namespace, at most `max` times. If there are more
/// interfaces, the socket cannot be used again. Allocates nothing. Returns 0 or an errno.
[[nodiscard]] int dump_links(int rtnetlink, const OnLink& on_link, std::size_t max = SIZE_MAX);

/// Writes the interface `index` of the socket's namespace into `link`. Returns 0 or an errno: ENODEV if there
/// is none.
[[nodiscard]] int get_link(int rtnetlink, std::uint32_t index, Link& link) noexcept;

/// The id of the network namespace `namespace_fd` within the socket's namespace; -1 if it has none, nullopt
/// if the kernel gives no answer.
[[nodiscard]] std::optional<std::int32_t> namespace_id(int rtnetlink, int namespace_fd) noexcept;

} // namespace lxcmon::sample
