// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "discover/settings.hpp"

#include <sys/stat.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace lxcmon::discover {

/// Decides when a folder must be listed again. Sampling thread only.
class FolderWatch {
  public:
    explicit FolderWatch(ListingSettings settings) noexcept
        : settings_(settings) {}

    /// Call at each refresh, before listing the folder. False if the last listing is still valid.
    [[nodiscard]] bool is_due(const std::string& folder) noexcept;
    /// The same for a folder of a user, which may hang: by time alone.
    [[nodiscard]] bool is_due_untouched() noexcept;
    /// Call after a failed listing: the folder is due at the next refresh.
    void forget() noexcept { listed_ns_ = 0; }

  private:
    ListingSettings settings_;
    struct stat seen_ {};
    bool settled_ = false;
    std::int64_t listed_ns_ = 0; ///< CLOCK_MONOTONIC; 0: not listed
};

} // namespace lxcmon::discover
