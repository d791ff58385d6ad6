// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"

namespace lxcmon::sample {

/// Detects that interfaces of the calling thread's network namespace were added, removed or changed, by a
/// subscription to rtnetlink's RTMGRP_LINK (rtnetlink(7)). Changes of counters cause no message. For one
/// thread.
class LinkNews {
  public:
    /// Returns false if nothing has changed since the previous call. Also returns true at the first call and
    /// after an error or overflow, so a caller that then lists the interfaces misses no change. Never blocks.
    [[nodiscard]] bool take() noexcept;

  private:
    io::UniqueFd rtnetlink_;
};

} // namespace lxcmon::sample
