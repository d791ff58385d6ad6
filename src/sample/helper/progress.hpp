// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sample/helper/protocol.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace lxcmon::sample {

/// The helper's current work. If the helper does not answer, this is what hangs.
enum class Stage : std::uint8_t { unknown, processes, mount_list, mount };

/// Where the helper hung, as read by the agent.
struct HangPlace {
    Stage stage = Stage::unknown;
    std::uint64_t device = 0; ///< of the mount
    std::string mount_point;  ///< set by the tenant: any bytes
};

/// A part of a container that a killed helper may still wait at: see io::WorkerProcess::is_blocked().
inline constexpr std::uint64_t part_unknown = UINT64_MAX;
inline constexpr std::uint64_t part_processes = UINT64_MAX - 1;     ///< its /proc
inline constexpr std::uint64_t part_mount_list = UINT64_MAX - 2;    ///< no mount has such a device number
inline constexpr std::uint64_t part_process_files = UINT64_MAX - 3; ///< in the host's /proc

[[nodiscard]] constexpr bool is_mount(std::uint64_t part) noexcept {
    return part < part_process_files;
}

/// A mount is known by its device.
[[nodiscard]] constexpr std::uint64_t part_of(const HangPlace& place) noexcept {
    switch (place.stage) {
    case Stage::processes:
        return part_processes;
    case Stage::mount_list:
        return part_mount_list;
    case Stage::mount:
        return place.device;
    case Stage::unknown:
        break;
    }
    return part_unknown;
}

/// A page that the helper writes and the agent reads after a hang. The helper may still write while the agent
/// reads, so each change has a version number, and a page that changes during the read gives Stage::unknown.
class HelperProgress {
  public:
    struct Unmap {
        void operator()(HelperProgress* progress) const noexcept;
    };
    using Shared = std::unique_ptr<HelperProgress, Unmap>;

    /// Makes a page shared with the children that are forked later. Throws std::system_error.
    [[nodiscard]] static Shared make();

    /// For the helper: the scan with this sequence number begins.
    void begin(std::uint64_t sequence) noexcept;
    void enter(Stage stage) noexcept;
    void enter_mount(std::uint64_t device, std::string_view mount_point) noexcept;

    /// For the agent: the place of the scan with this sequence number.
    [[nodiscard]] HangPlace place(std::uint64_t sequence) const;

  private:
    template <typename Change>
    void change(Change&& change) noexcept;

    std::atomic<std::uint64_t> version_{0}; ///< odd during a write
    std::uint64_t sequence_ = 0;
    Stage stage_ = Stage::unknown;
    std::uint64_t device_ = 0;
    std::uint32_t length_ = 0;
    std::array<char, max_mount_text> mount_point_{};
};

} // namespace lxcmon::sample
