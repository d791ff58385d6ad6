// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/ignored_listeners.hpp"

#include "discover/monitor_peer.hpp"

#include <limits>

namespace lxcmon::discover {
namespace {

/// Each costs some microseconds.
constexpr int most_checks = 256;
/// A listener that takes no connection is not asked again for this time.
constexpr std::int64_t busy_pause_ns = 10'000'000'000;

} // namespace

void IgnoredListeners::start_round(std::size_t sockets, std::int64_t now_ns) noexcept {
    now_ns_ = now_ns;
    checks_left_ = most_checks;
    if (until_ns_.size() > sockets)
        until_ns_.clear(); // it has sockets that are gone
}

bool IgnoredListeners::contains(std::uint64_t inode) const noexcept {
    const auto at = until_ns_.find(inode);
    return at != until_ns_.end() && now_ns_ < at->second;
}

void IgnoredListeners::add(std::uint64_t inode) {
    until_ns_.insert_or_assign(inode, std::numeric_limits<std::int64_t>::max());
}

bool IgnoredListeners::is_monitor(const std::string& lxcpath, const std::string& name, std::uint64_t inode,
                                  uid_t owner) {
    if (contains(inode) || checks_left_ == 0)
        return false;
    --checks_left_;
    const MonitorPeer peer = monitor_listener(lxcpath, name, owner);
    if (peer == MonitorPeer::untrusted)
        add(inode);
    else if (peer == MonitorPeer::silent)
        until_ns_.insert_or_assign(inode, now_ns_ + busy_pause_ns);
    return peer == MonitorPeer::trusted;
}

} // namespace lxcmon::discover
