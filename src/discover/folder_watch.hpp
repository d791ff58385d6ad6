#pragma once

#include "discover/settings.hpp"

#include <sys/stat.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace lxcmon::discover {

/// Tells when a folder has to be listed again.
class FolderWatch {
  public:
    explicit FolderWatch(ListingSettings settings) noexcept
        : settings_(settings) {}

    /// To be called at each refresh, before it is listed. False where what was listed last is still so.
    [[nodiscard]] bool is_due(const std::string& folder) noexcept;
    /// Listing it failed: it is due.
    void forget() noexcept { listed_ns_ = 0; }

  private:
    ListingSettings settings_;
    struct stat seen_ {};
    bool settled_ = false;
    std::int64_t listed_ns_ = 0; ///< CLOCK_MONOTONIC; 0: not listed
};

} // namespace lxcmon::discover
