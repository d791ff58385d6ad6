// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sample/helper/mount_choice.hpp"

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

/// Messages between the agent and the namespace helper: one datagram each way for each scan of a container.
/// Both are the same program on the same machine, so these are plain structs without versions.
namespace lxcmon::sample {

/// Most filesystems reported for one container.
inline constexpr std::size_t max_filesystems = 64;
/// Most filesystems of one container that are left alone at a time.
inline constexpr std::size_t max_left_alone = 4;

/// A bool in a message: of a bool only two values are defined, of this each byte that a helper may send.
class Flag {
  public:
    constexpr Flag(bool value = false) noexcept
        : byte_(value ? 1 : 0) {}
    constexpr operator bool() const noexcept { return byte_ != 0; }

  private:
    std::uint8_t byte_;
};

enum class Scan : std::uint8_t { processes, filesystems };

/// Sent with the pidfd of the container's init as SCM_RIGHTS; without it for a scan of the host.
struct NamespaceRequest {
    std::uint64_t sequence = 0;
    Scan scan = Scan::processes;
    bool want_processes = true; ///< number of processes
    bool want_start = false;    ///< start time of init
    bool risky = false;         ///< read the filesystems that may hang instead of the safe ones
    pid_t init_pid = 0;         ///< 0: the host itself
    std::uint32_t left_alone_count = 0;
    std::array<std::uint64_t, max_left_alone> left_alone{}; ///< WantedMount::device

    [[nodiscard]] bool is_of_host() const noexcept { return init_pid == 0; }
};

/// The answer to Scan::processes.
struct CountReply {
    std::uint64_t sequence = 0;
    int error = 0;                   ///< ESRCH: init has ended, and nothing below is valid
    std::int64_t processes = -1;     ///< in the container's own /proc; -1: not requested, or no own /proc
    std::int64_t start_ticks = -1;   ///< of init since boot, in clock ticks; -1: not requested, or unknown
    std::int64_t processes_nsec = 0; ///< how long counting them took

    void clear() noexcept { *this = {}; }
    [[nodiscard]] static bool is_whole(std::size_t length) noexcept { return length == sizeof(CountReply); }
};

/// A string in FilesystemReply::texts.
struct TextSpan {
    std::uint32_t begin = 0, length = 0;
};

/// statvfs(3) of one mount. Its strings come from the tenant.
struct Filesystem {
    TextSpan mount_point, source, type;
    std::uint64_t device = 0;
    int error = 0; ///< errno of statvfs; if set, the numbers are not valid
    Flag readonly = false;
    std::int64_t took_nsec = 0;
    std::uint64_t block_bytes = 0, blocks = 0, blocks_free = 0, blocks_available = 0;
    std::uint64_t inodes = 0, inodes_free = 0;
};

/// The answer to Scan::filesystems.
struct FilesystemReply {
    std::uint64_t sequence = 0;
    int error = 0; ///< errno of listing the mounts; if set, nothing below is valid
    Flag root_may_hang = false;
    Flag has_risky = false;     ///< there are filesystems for a `risky` request
    std::uint32_t left_out = 0; ///< filesystems beyond the limits on number and length
    std::int64_t list_nsec = 0; ///< how long reading the list of mounts took
    std::uint32_t count = 0;
    std::uint32_t text_bytes = 0;
    std::array<Filesystem, max_filesystems> filesystems{};
    std::array<char, 48U << 10U> texts{}; ///< only the first `text_bytes` are sent

    void clear() noexcept {
        sequence = 0;
        error = 0;
        root_may_hang = has_risky = false;
        left_out = count = text_bytes = 0;
        list_nsec = 0;
    }
    [[nodiscard]] std::size_t sent_bytes() const noexcept {
        return offsetof(FilesystemReply, texts) + text_bytes;
    }
    [[nodiscard]] bool is_whole(std::size_t length) const noexcept;
    [[nodiscard]] std::string_view text(TextSpan span) const noexcept {
        return {texts.data() + span.begin, span.length};
    }
    /// Adds a filesystem with the strings of `mount`. Returns nullptr if there is no room for it.
    Filesystem* add(const WantedMount& mount) noexcept;
};

static_assert(std::is_trivially_copyable_v<CountReply> && std::is_trivially_copyable_v<FilesystemReply>);

} // namespace lxcmon::sample
