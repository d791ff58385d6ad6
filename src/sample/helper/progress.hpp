#pragma once

#include "sample/helper/protocol.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace lxcmon::sample {

/// What the helper is doing: what hangs, when it does not answer.
enum class Stage : std::uint8_t { unknown, processes, mount_list, mount };

/// Where it hung, as the agent saw it.
struct HangPlace {
    Stage stage = Stage::unknown;
    std::uint64_t device = 0; ///< of the mount
    std::string mount_point;  ///< the tenant's text
};

/// A page that the helper writes and the agent reads when the helper has hung. The helper may go on for a
/// moment after it has been given up: each change has a number, and what changes while it is read is unknown.
class HelperProgress {
  public:
    struct Unmap {
        void operator()(HelperProgress* progress) const noexcept;
    };
    using Shared = std::unique_ptr<HelperProgress, Unmap>;

    /// Shared with the children that are forked later. Throws std::system_error.
    [[nodiscard]] static Shared make();

    /// The helper's: the look with this sequence number begins.
    void begin(std::uint64_t sequence) noexcept;
    void enter(Stage stage) noexcept;
    void enter_mount(std::uint64_t device, std::string_view mount_point) noexcept;

    /// The agent's: where the look with this sequence number is.
    [[nodiscard]] HangPlace place(std::uint64_t sequence) const;

  private:
    template <typename Change>
    void change(Change&& change) noexcept;

    std::atomic<std::uint64_t> version_{0}; ///< odd while something is being written
    std::uint64_t sequence_ = 0;
    Stage stage_ = Stage::unknown;
    std::uint64_t device_ = 0;
    std::uint32_t length_ = 0;
    std::array<char, max_mount_text> mount_point_{};
};

} // namespace lxcmon::sample
