#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace lxcmon::sample {

/// The first so many different names of one container's start. A tenant can give an interface, a mount point
/// or a process a new name at each tick, and each is a new series for ever in the database's index.
/// What is said of the names left out, and how often, is the caller's.
class DistinctNames {
  public:
    explicit DistinctNames(std::size_t most) noexcept
        : most_(most) {}

    /// Whether points of this name may be sent: it was before, or there is room for one more, which it now
    /// has. Allocates only for a name that is new.
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
