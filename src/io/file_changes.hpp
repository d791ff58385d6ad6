// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"

#include <sys/inotify.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>

namespace lxcmon::io {

/// Calls `each(event)` for the events that read(2) returns from an inotify descriptor; `name` is left out. A
/// malformed event is the last one.
template <typename Callback>
void for_each_inotify_event(std::span<const char> events, Callback&& each) {
    while (events.size() >= sizeof(inotify_event)) {
        inotify_event event{};
        std::memcpy(&event, events.data(), sizeof event);
        events = events.subspan(sizeof event);
        if (event.len > events.size())
            return;
        events = events.subspan(event.len);
        each(std::as_const(event));
    }
}

/// Finds changed kernel files by inotify(7), so that unchanged files need not be read. cgroupfs files that
/// only a write(2) changes, such as limits, give an event for each write. The kernel itself gives events for
/// most of the files of which Documentation/admin-guide/cgroup-v2.rst says "a value change in this file
/// generates a file modified event" (cgroup.events, memory.events, pids.events ...). The removal of a
/// cgroupfs file gives no event: the reader must detect it. Sampling thread only.
class FileChanges {
    struct File {
        int watch = -1;
        bool changed = true;
    };

  public:
    /// Change state of one file. Must not outlive the FileChanges that made it.
    class Watch {
      public:
        /// For a file that can't be watched: it may have changed at any time.
        Watch() = default;
        Watch(Watch&&) noexcept = default;
        Watch& operator=(Watch&& other) noexcept;
        Watch(const Watch&) = delete;
        Watch& operator=(const Watch&) = delete;
        ~Watch();

        [[nodiscard]] bool is_watching() const noexcept { return file_ != nullptr; }
        /// True if the content may differ from that at the last will_be_read().
        [[nodiscard]] bool may_have_changed() const noexcept { return !file_ || file_->changed; }
        /// Call before the read, so that a change during the read counts.
        void will_be_read() noexcept { set_changed(false); }
        void could_not_be_read() noexcept { set_changed(true); }

      private:
        friend class FileChanges;
        Watch(FileChanges& owner, std::unique_ptr<File> file) noexcept
            : owner_(&owner)
            , file_(std::move(file)) {}
        void set_changed(bool changed) noexcept {
            if (file_)
                file_->changed = changed;
        }
        FileChanges* owner_ = nullptr;
        std::unique_ptr<File> file_;
    };

    /// Watches up to `most` files. The kernel's limit applies to all watches of root: the default leaves half
    /// of it to other programs. Without an inotify instance (fs.inotify.max_user_instances) no file is
    /// watched.
    explicit FileChanges(std::size_t most = half_of_kernel_limit());

    /// Starts to watch `path`, relative to `root_fd`. The file counts as changed until it is read. A file
    /// that does not exist or can't be watched always counts as changed.
    [[nodiscard]] Watch watch(int root_fd, const std::string& path);

    /// Processes the events since the last call. Call once a tick, before may_have_changed().
    void refresh() noexcept;

    /// True once, after the kernel had no watch or inotify instance left for a file.
    [[nodiscard]] bool newly_exhausted() noexcept;

  private:
    [[nodiscard]] static std::size_t half_of_kernel_limit();
    void forget(const File& file) noexcept;
    void mark(int watch) noexcept;
    void mark_all() noexcept;

    UniqueFd inotify_;
    std::size_t most_;
    std::unordered_multimap<int, File*> files_; ///< by watch descriptor
    bool exhausted_ = false, reported_ = false;
};

} // namespace lxcmon::io
