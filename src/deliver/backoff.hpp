#pragma once

#include <chrono>
#include <functional>

namespace lxcmon::deliver {

/// The waits between failing tries: doubled each time, up to a most, and of each wait a random part
/// of up to one half taken off, so that a fleet does not come back in one burst. Not thread-safe.
class Backoff {
  public:
    using Milliseconds = std::chrono::milliseconds;
    using Random = std::function<double()>; ///< uniform in [0, 1)

    explicit Backoff(Milliseconds first = std::chrono::seconds(1),
                     Milliseconds most = std::chrono::seconds(60), Random random = system_random());

    /// Between half and the whole of the wait that is due.
    [[nodiscard]] Milliseconds next();

    /// After a success: the next wait is the first again.
    void reset() noexcept { due_ = first_; }

    [[nodiscard]] static Random system_random();

  private:
    Milliseconds first_;
    Milliseconds most_;
    Milliseconds due_;
    Random random_;
};

} // namespace lxcmon::deliver
