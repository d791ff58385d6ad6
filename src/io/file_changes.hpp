#pragma once

#include "io/unique_fd.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>

namespace lxcmon::io {

/// Tells which kernel files have changed, so that the others need not be read: by inotify(7). A file of
/// cgroupfs that nothing but a write(2) changes, such as a limit, says so when it is written to; those of
/// which Documentation/admin-guide/cgroup-v2.rst says "a value change in this file generates a file modified
/// event" (cgroup.events, memory.events, pids.events ...) are told of by the kernel itself, all but a few.
/// That a file of cgroupfs is taken away is told by nobody: who reads it must find that out. Sampling thread
/// only.
class FileChanges {
    struct File {
        int watch = -1;
        bool changed = true;
    };

  public:
    /// What is known of one file. Must not outlive the FileChanges that made it.
    class Watch {
      public:
        /// Of a file that can't be watched: it may have changed at any time.
        Watch() = default;
        Watch(Watch&&) noexcept = default;
        Watch& operator=(Watch&& other) noexcept;
        Watch(const Watch&) = delete;
        Watch& operator=(const Watch&) = delete;
        ~Watch();

        [[nodiscard]] bool is_watching() const noexcept { return file_ != nullptr; }
        /// Whether it may have another content than when will_be_read() was called last.
        [[nodiscard]] bool may_have_changed() const noexcept { return !file_ || file_->changed; }
        /// Call before the read, so that a change that comes meanwhile counts.
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

    /// Watches up to `most` files: the kernel's bound is for all that root watches, and half of it is left to
    /// others. Where it gives no inotify instance (fs.inotify.max_user_instances) nothing is watched.
    explicit FileChanges(std::size_t most = half_of_the_kernels());

    /// Watches a file from now on; it counts as changed until it is read. `path` hangs on `root_fd`. One that
    /// can't be watched, or is not there, may have changed at any time.
    [[nodiscard]] Watch watch(int root_fd, const std::string& path);

    /// Takes in what has happened since the last call. Once a tick, before the files are asked for.
    void refresh() noexcept;

    /// True once, after a file could not be watched for want of watches or instances.
    [[nodiscard]] bool newly_exhausted() noexcept;

  private:
    [[nodiscard]] static std::size_t half_of_the_kernels();
    void forget(const File& file) noexcept;
    void mark(int watch) noexcept;
    void mark_all() noexcept;

    UniqueFd inotify_;
    std::size_t most_;
    std::unordered_multimap<int, File*> files_; ///< by watch descriptor
    bool exhausted_ = false, said_ = false;
};

} // namespace lxcmon::io
