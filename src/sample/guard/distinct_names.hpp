// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace lxcmon::sample {

/// Limits the number of different names (interfaces, mount points, commands) of one container start. A tenant
/// can create new names at each tick, and each name adds a permanent series to the database's index. The
/// caller logs the rejected names.
class DistinctNames {
  public:
    explicit DistinctNames(std::size_t most) noexcept
        : most_(most) {}

    /// True if points of this name may be sent: the name is known, or fits below the limit and becomes known.
    /// Allocates only for a new name.
    [[nodiscard]] bool admits(std::string_view name) {
        if (names_.contains(name))
            return true;
        if (names_.size() >= most_)
            return false;
        names_.emplace(name);
        return true;
    }

    [[nodiscard]] std::size_t most() const noexcept { return most_; }

  private:
    std::size_t most_;
    std::set<std::string, std::less<>> names_;
};

} // namespace lxcmon::sample
