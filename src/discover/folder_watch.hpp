#pragma once

#include <sys/stat.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace lxcmon::discover {

struct ListingSettings {
    /// A folder is listed again so often at the least, for what has changed within its own folders.
    std::chrono::nanoseconds period{60'000'000'000};
    /// And at each refresh for so long after it has changed: the kernel tells the time of a change by a
    /// coarse clock, and who makes a folder for a container writes the configuration a little later.
    std::chrono::nanoseconds settling{5'000'000'000};
};

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
