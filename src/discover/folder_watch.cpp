// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/folder_watch.hpp"

#include "io/clock.hpp"

namespace lxcmon::discover {
namespace {

constexpr std::int64_t sec_ns = 1'000'000'000;

bool is_same(const timespec& one, const timespec& other) noexcept {
    return one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec;
}

} // namespace

bool FolderWatch::is_due(const std::string& folder) noexcept {
    const std::int64_t now_ns = io::now_ns(CLOCK_MONOTONIC);
    struct stat now {};
    if (::stat(folder.c_str(), &now) != 0)
        return true;
    // st_ctim, because the owner can set st_mtim back.
    if (listed_ns_ != 0 && settled_ && now_ns - listed_ns_ < settings_.period.count() &&
        now.st_dev == seen_.st_dev && now.st_ino == seen_.st_ino && is_same(now.st_ctim, seen_.st_ctim))
        return false;
    seen_ = now;
    listed_ns_ = now_ns;
    const std::int64_t changed_ns = now.st_ctim.tv_sec * sec_ns + now.st_ctim.tv_nsec;
    settled_ = io::now_ns(CLOCK_REALTIME) - changed_ns > settings_.settling.count();
    return true;
}

bool FolderWatch::is_due_untouched() noexcept {
    const std::int64_t now_ns = io::now_ns(CLOCK_MONOTONIC);
    if (listed_ns_ != 0 && now_ns - listed_ns_ < settings_.foreign_period.count())
        return false;
    listed_ns_ = now_ns;
    return true;
}

} // namespace lxcmon::discover
