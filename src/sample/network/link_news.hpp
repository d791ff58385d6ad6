#pragma once

#include "io/unique_fd.hpp"

namespace lxcmon::sample {

/// Tells whether interfaces of the calling thread's network namespace have come, gone, or become others: a
/// member of rtnetlink's group of links (rtnetlink(7)) that only counts that there was a message. Counters
/// change without one. One thread.
class LinkNews {
  public:
    /// False where nothing has changed since the call before. True, too, at the first call, and where the
    /// kernel would not tell: who then lists the interfaces misses nothing. Never waits.
    [[nodiscard]] bool take() noexcept;

  private:
    io::UniqueFd rtnetlink_;
};

} // namespace lxcmon::sample
