// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/network/link_lister.hpp"

#include "io/clock.hpp"
#include "io/signals_blocked.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <new>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

namespace lxcmon::sample {
namespace {

using ListerClock = std::chrono::steady_clock;

/// How long the destructor waits for the thread. An idle thread ends at once.
constexpr std::chrono::milliseconds end_wait{100};

} // namespace

/// A container whose interfaces are to be listed, and the result.
struct ListedContainer {
    pid_t init_pid = 0;
    int init_pidfd = -1;
    HostId host_id;
    LinksSummary summary;
    std::int64_t read_ns = 0;                 ///< CLOCK_REALTIME
    std::vector<ContainerLinks::Entry> links; ///< keeps its memory from tick to tick

    void list(NamespaceLinks& networks) noexcept;
};

void ListedContainer::list(NamespaceLinks& networks) noexcept {
    const ContainerLinks& found = networks.scan(init_pid, init_pidfd, host_id);
    read_ns = io::now_ns(CLOCK_REALTIME);
    summary = found;
    try {
        const auto entries = std::span(found.links).first(found.count);
        links.assign(entries.begin(), entries.end());
    } catch (const std::bad_alloc&) {
        links.clear();
        summary = {};
        summary.list_error = ENOMEM;
    }
}

/// The members after `done` belong to the caller while `busy` is false. While it is true they belong to the
/// thread, except what `done` counts: the host first, then the containers.
struct LinkLister::Shared {
    explicit Shared(Host host_links)
        : host(host_links != Host::names) {}

    std::mutex mutex;
    std::condition_variable changed; ///< of the members below, up to `gone`
    bool busy = false;               ///< the thread has work
    bool ended = false;              ///< the thread shall end
    bool gone = false;               ///< the thread will touch nothing any more

    std::atomic<std::size_t> done{0};
    ListerClock::time_point deadline;
    HostLinks host;
    bool wants_host = false;
    int host_error = 0;
    std::int64_t host_read_ns = 0;
    NamespaceLinks networks;
    std::vector<ListedContainer> containers; ///< the first `count` are of this tick
    std::size_t count = 0;

    void list_all() noexcept;
    void list_host() noexcept;
};

void LinkLister::Shared::list_host() noexcept {
    try {
        host_error = wants_host ? host.refresh() : 0;
    } catch (const std::bad_alloc&) {
        host_error = ENOMEM;
    }
    host_read_ns = io::now_ns(CLOCK_REALTIME);
}

/// A list that comes too late is no use: it ends at the deadline.
void LinkLister::Shared::list_all() noexcept {
    list_host();
    done.store(1, std::memory_order_release);
    for (std::size_t index = 0; index < count && ListerClock::now() < deadline && networks.lost_error() == 0;
         ++index) {
        containers[index].list(networks);
        done.store(index + 2, std::memory_order_release);
    }
}

LinkLister::LinkLister(Host host, std::chrono::nanoseconds most_wait)
    : most_wait_(most_wait)
    , host_(host)
    , shared_(std::make_shared<Shared>(host)) {}

LinkLister::~LinkLister() {
    if (!thread_.joinable())
        return;
    std::unique_lock lock(shared_->mutex);
    shared_->ended = true;
    shared_->changed.notify_all();
    const bool gone = shared_->changed.wait_for(lock, end_wait, [this] { return shared_->gone; });
    lock.unlock();
    if (gone)
        thread_.join();
    else
        thread_.detach();
}

void LinkLister::serve(const std::shared_ptr<Shared>& shared) {
    std::unique_lock lock(shared->mutex);
    for (;;) {
        shared->changed.wait(lock, [&] { return shared->busy || shared->ended; });
        if (shared->ended)
            break;
        lock.unlock();
        shared->list_all();
        lock.lock();
        shared->busy = false;
        if (shared->networks.lost_error() != 0)
            break;
        shared->changed.notify_all();
    }
    shared->gone = true;
    shared->changed.notify_all();
}

/// Starts the thread at its first use, as the helper processes are forked before.
bool LinkLister::has_thread() {
    if (thread_.joinable())
        return true;
    shared_->gone = false;
    shared_->networks.forget_lost();
    try {
        const io::SignalsBlocked blocked;
        thread_ = std::thread(&LinkLister::serve, shared_);
        logged_no_thread_ = false;
    } catch (const std::system_error& error) {
        if (!std::exchange(logged_no_thread_, true))
            spdlog::warn("the thread that lists interfaces can't be started: {}; lxc_net, lxc_socket and "
                         "host_net are left out until it can",
                         error.what());
    }
    return thread_.joinable();
}

void LinkLister::begin() {
    has_host_ = false;
    containers_done_ = 0;
    end_lost_thread();
    const std::lock_guard lock(shared_->mutex);
    is_given_ = !shared_->busy;
    if (is_given_)
        shared_->count = 0;
}

void LinkLister::end_lost_thread() {
    {
        const std::lock_guard lock(shared_->mutex);
        if (!thread_.joinable() || !shared_->gone)
            return;
    }
    thread_.join();
    if (!std::exchange(logged_lost_, true))
        spdlog::warn(
            "the thread that lists interfaces can't return from a container's network namespace "
            "(setns: {}): another one takes its place, and interfaces that were to follow are left out",
            std::generic_category().message(shared_->networks.lost_error()));
}

std::size_t LinkLister::add(pid_t init_pid, int init_pidfd, HostId host_id) {
    if (!is_given_)
        return 0;
    auto& containers = shared_->containers;
    const std::size_t number = shared_->count++;
    if (number == containers.size())
        containers.emplace_back();
    ListedContainer& container = containers[number];
    container.init_pid = init_pid;
    container.init_pidfd = init_pidfd;
    container.host_id = host_id;
    return number;
}

void LinkLister::start() {
    if (!is_given_)
        return;
    shared_->wants_host = host_ != Host::none;
    is_given_ = (shared_->wants_host || shared_->count != 0) && has_thread();
    if (!is_given_)
        return;
    shared_->deadline = ListerClock::now() + most_wait_;
    shared_->done.store(0, std::memory_order_relaxed);
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->busy = true;
    }
    shared_->changed.notify_all();
}

void LinkLister::finish() {
    if (is_given_) {
        std::unique_lock lock(shared_->mutex);
        shared_->changed.wait_until(lock, shared_->deadline, [this] { return !shared_->busy; });
    }
    const std::size_t done = is_given_ ? shared_->done.load(std::memory_order_acquire) : 0;
    has_host_ = done > 0 && host_ != Host::none;
    containers_done_ = done > 0 ? done - 1 : 0;
    if (is_given_)
        note_late(containers_done_ < shared_->count || done == 0);
}

void LinkLister::note_late(bool late) {
    if (late && !late_since_) {
        late_since_ = shared_->deadline;
        spdlog::warn("the kernel has not listed the interfaces within {} ms: it holds its lock for all "
                     "interfaces, or the host is overloaded (was a container with hundreds of interfaces "
                     "ended, or does a container make and remove many?); lxc_net, lxc_socket and host_net "
                     "that are late are left out",
                     std::chrono::duration_cast<std::chrono::milliseconds>(most_wait_).count());
    } else if (!late && late_since_) {
        const std::chrono::duration<double> late_for = ListerClock::now() - *late_since_ + most_wait_;
        spdlog::info("the kernel lists the interfaces in time again; they were late for {:.1f} s",
                     late_for.count());
        late_since_.reset();
    }
}

std::optional<int> LinkLister::host_error() const noexcept {
    return has_host_ ? std::optional(shared_->host_error) : std::nullopt;
}

std::int64_t LinkLister::host_read_ns() const noexcept {
    return has_host_ ? shared_->host_read_ns : 0;
}

std::int64_t LinkLister::read_ns(std::size_t number) const noexcept {
    return number < containers_done_ ? shared_->containers[number].read_ns : 0;
}

const HostLinks& LinkLister::host_links() const noexcept {
    return has_host_ ? shared_->host : no_links_;
}

const ContainerLinks& LinkLister::links_of(std::size_t number, HostId& host_id) {
    links_.clear();
    if (number >= containers_done_) {
        links_.left_out = true;
        return links_;
    }
    const ListedContainer& container = shared_->containers[number];
    static_cast<LinksSummary&>(links_) = container.summary;
    std::ranges::copy(container.links, links_.links.begin());
    host_id = container.host_id;
    if (links_.joined_by_path && !std::exchange(logged_old_kernel_, true))
        spdlog::info("this kernel can't join namespaces by a pidfd (Linux before 5.8); the agent uses "
                     "/proc/PID/ns, which takes a few microseconds longer for each container");
    return links_;
}

} // namespace lxcmon::sample
