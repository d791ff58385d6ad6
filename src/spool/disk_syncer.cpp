// SPDX-License-Identifier: GPL-2.0-or-later
#include "spool/disk_syncer.hpp"

#include "io/signals_blocked.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace lxcmon::spool {

namespace {

bool same_file(int one, int other) noexcept {
    struct stat first {};
    struct stat second {};
    return ::fstat(one, &first) == 0 && ::fstat(other, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

} // namespace

DiskSyncer::DiskSyncer() {
    const io::SignalsBlocked blocked;
    thread_ = std::thread(&DiskSyncer::run, this);
}

DiskSyncer::~DiskSyncer() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

int DiskSyncer::later(int fd) {
    io::UniqueFd own(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!own)
        return errno;
    const std::lock_guard lock(mutex_);
    const bool is_pending =
        std::ranges::any_of(pending_, [&](const io::UniqueFd& each) { return same_file(each.get(), fd); });
    if (!is_pending)
        pending_.push_back(std::move(own));
    changed_.notify_all();
    return std::exchange(error_, 0);
}

bool DiskSyncer::is_busy() const {
    const std::lock_guard lock(mutex_);
    return working_ || !pending_.empty();
}

std::chrono::steady_clock::duration DiskSyncer::busy_for() const {
    const std::lock_guard lock(mutex_);
    return working_ ? std::chrono::steady_clock::now() - since_ : std::chrono::steady_clock::duration(0);
}

void DiskSyncer::wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !working_ && pending_.empty(); });
}

void DiskSyncer::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return ending_ || !pending_.empty(); });
        if (pending_.empty())
            return;
        const std::vector<io::UniqueFd> files = std::exchange(pending_, {});
        working_ = true;
        since_ = std::chrono::steady_clock::now();
        lock.unlock();
        int error = 0;
        for (const io::UniqueFd& file : files)
            if (::fsync(file.get()) != 0)
                error = errno;
        lock.lock();
        working_ = false;
        error_ = error != 0 ? error : error_;
        changed_.notify_all();
    }
}

} // namespace lxcmon::spool
