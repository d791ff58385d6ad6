#pragma once

#include "sample/helper/mount_choice.hpp"

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

/// What the agent and the namespace helper say to each other: one datagram each way for each look at a
/// container. Same program, same machine: plain structs, no versions.
namespace lxcmon::sample {

/// Filesystems reported for one container at most.
inline constexpr std::size_t max_filesystems = 64;
/// Filesystems of one container that are left alone at a time.
inline constexpr std::size_t max_left_alone = 4;

enum class Scan : std::uint8_t { processes, filesystems };

/// With it goes the container's init pidfd, as SCM_RIGHTS; none with a look at the host.
struct NamespaceRequest {
    std::uint64_t sequence = 0;
    Scan scan = Scan::processes;
    bool want_processes = true; ///< their number
    bool want_start = false;    ///< when init began
    bool risky = false;         ///< of the filesystems those that may hang, else the others
    pid_t init_pid = 0;         ///< 0: the host itself
    std::uint32_t left_alone_count = 0;
    std::array<std::uint64_t, max_left_alone> left_alone{}; ///< WantedMount::device

    [[nodiscard]] bool is_of_host() const noexcept { return init_pid == 0; }
};

/// The answer to Look::processes.
struct CountReply {
    std::uint64_t sequence = 0;
    int error = 0;                   ///< ESRCH: init has ended, and nothing below counts
    std::int64_t processes = -1;     ///< in the container's own /proc; -1: it has none
    std::int64_t start_ticks = -1;   ///< of init since boot, in clock ticks; -1: not asked for, or not known
    std::int64_t processes_nsec = 0; ///< how long counting them took

    void clear() noexcept { *this = {}; }
    [[nodiscard]] static bool is_whole(std::size_t length) noexcept { return length == sizeof(CountReply); }
};

/// A place in FilesystemReply::texts.
struct TextSpan {
    std::uint32_t begin = 0, length = 0;
};

/// statvfs(3) of one mount. Its texts are the tenant's.
struct Filesystem {
    TextSpan mount_point, source, type;
    std::uint64_t device = 0;
    int error = 0; ///< errno of statvfs: no figure counts then
    bool readonly = false;
    std::int64_t took_nsec = 0;
    std::uint64_t block_bytes = 0, blocks = 0, blocks_free = 0, blocks_available = 0;
    std::uint64_t inodes = 0, inodes_free = 0;
};

/// The answer to Look::filesystems.
struct FilesystemReply {
    std::uint64_t sequence = 0;
    int error = 0; ///< errno of listing the mounts: nothing below counts then
    bool root_may_hang = false;
    bool has_risky = false;     ///< there are filesystems to be looked at by a request that is `risky`
    std::uint32_t left_out = 0; ///< filesystems beyond the bounds on number and length
    std::int64_t list_nsec = 0; ///< how long finding out took which mounts there are
    std::uint32_t count = 0;
    std::uint32_t text_bytes = 0;
    std::array<Filesystem, max_filesystems> filesystems{};
    std::array<char, 48U << 10U> texts{}; ///< only `text_bytes` of them are sent

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
    /// Adds it with its texts and returns its place; nullptr where there is no room for that.
    Filesystem* add(const WantedMount& mount) noexcept;
};

static_assert(std::is_trivially_copyable_v<CountReply> && std::is_trivially_copyable_v<FilesystemReply>);

} // namespace lxcmon::sample
