// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <functional>

namespace lxcmon::deliver {

/// The waits between failed tries. Each wait is twice as long as the one before, up to a maximum; a random
/// part of up to one half is subtracted, so that many hosts do not return in one burst. Not thread-safe.
class Backoff {
  public:
    using Milliseconds = std::chrono::milliseconds;
    using Random = std::function<double()>; ///< uniform in [0, 1)

    explicit Backoff(Milliseconds first = std::chrono::seconds(1),
                     Milliseconds most = std::chrono::seconds(60), Random random = system_random());

    /// Between half of the next wait and all of it.
    [[nodiscard]] Milliseconds next();

    /// After a success: starts again with the first wait.
    void reset() noexcept { due_ = first_; }

    [[nodiscard]] static Random system_random();

  private:
    Milliseconds first_;
    Milliseconds most_;
    Milliseconds due_;
    Random random_;
};

} // namespace lxcmon::deliver
