// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/file_changes.hpp"

#include "io/kernel_file.hpp"
#include "io/parse.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace lxcmon::io {
namespace {

constexpr std::size_t buffer_bytes = 16U << 10U;
/// Room for four times the default event queue (fs.inotify.max_queued_events).
constexpr int most_reads = 64;

} // namespace

FileChanges::Watch& FileChanges::Watch::operator=(Watch&& other) noexcept {
    std::swap(owner_, other.owner_);
    std::swap(file_, other.file_);
    return *this;
}

FileChanges::Watch::~Watch() {
    if (file_)
        owner_->forget(*file_);
}

FileChanges::FileChanges(std::size_t most)
    : inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC))
    , most_(most)
    , exhausted_(!inotify_) {}

/// fs.inotify.max_user_watches is 8,192 before Linux 5.11; later it depends on the size of memory.
std::size_t FileChanges::half_of_kernel_limit() {
    constexpr std::size_t never_less = 4096;
    std::string text;
    const int error = try_read_whole(AT_FDCWD, "/proc/sys/fs/inotify/max_user_watches", text);
    const auto most = error == 0 ? parse_count_line(text) : std::nullopt;
    return most ? static_cast<std::size_t>(*most) / 2 : never_less;
}

FileChanges::Watch FileChanges::watch(int root_fd, const std::string& path) {
    const bool is_full = files_.size() >= most_;
    exhausted_ = exhausted_ || is_full;
    if (!inotify_ || is_full)
        return {};
    // There is no inotify_add_watchat().
    const std::string place = "/proc/self/fd/" + std::to_string(root_fd) + '/' + path;
    auto file = std::make_unique<File>();
    file->watch = ::inotify_add_watch(inotify_.get(), place.c_str(), IN_MODIFY);
    if (file->watch < 0) {
        exhausted_ = exhausted_ || errno == ENOSPC || errno == ENOMEM;
        return {};
    }
    files_.emplace(file->watch, file.get());
    return {*this, std::move(file)};
}

void FileChanges::refresh() noexcept {
    alignas(inotify_event) std::array<char, buffer_bytes> buffer{};
    for (int reads = 0; inotify_ && reads < most_reads; ++reads) {
        const ssize_t length = ::read(inotify_.get(), buffer.data(), buffer.size());
        if (length <= 0)
            return;
        const auto events = std::span<const char>(buffer).first(static_cast<std::size_t>(length));
        for_each_inotify_event(events, [this](const inotify_event& event) {
            if ((event.mask & IN_Q_OVERFLOW) != 0)
                mark_all();
            else
                mark(event.wd);
        });
    }
    mark_all(); // events may be left in the queue
}

bool FileChanges::newly_exhausted() noexcept {
    return exhausted_ && !std::exchange(reported_, true);
}

void FileChanges::mark(int watch) noexcept {
    const auto [first, last] = files_.equal_range(watch);
    for (auto at = first; at != last; ++at)
        at->second->changed = true;
}

void FileChanges::mark_all() noexcept {
    for (auto& [watch, file] : files_)
        file->changed = true;
}

void FileChanges::forget(const File& file) noexcept {
    auto [at, last] = files_.equal_range(file.watch);
    // A file that is watched twice (two containers in one cgroup) has one kernel watch.
    const bool is_last = at != last && std::next(at) == last;
    for (; at != last; ++at)
        if (at->second == &file) {
            files_.erase(at);
            break;
        }
    if (is_last)
        ::inotify_rm_watch(inotify_.get(), file.watch);
}

} // namespace lxcmon::io
