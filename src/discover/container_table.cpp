// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/container_table.hpp"

#include "discover/lxc_api.hpp"
#include "discover/lxd_names.hpp"
#include "discover/same_names.hpp"
#include "io/clock.hpp"
#include "io/pidfd.hpp"

#include <fnmatch.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace lxcmon::discover {
namespace {

bool matches_any(const std::string& name, const std::vector<std::string>& globs) noexcept {
    return std::ranges::any_of(
        globs, [&](const std::string& glob) { return ::fnmatch(glob.c_str(), name.c_str(), 0) == 0; });
}

/// Delay before the next attempt after a failure: from a quarter of a second, doubled up to half a minute.
constexpr std::int64_t shortest_pause_ns = 250'000'000;
constexpr int longest_doubling = 7;
/// The monitor of a starting container does not answer either: log only after several attempts.
constexpr int silences_to_log = 3;

bool is_directory(const std::string& path) noexcept {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

/// liblxc would only report that there is no handle. Containers of LXD and Incus have no such file.
void check_readable(const std::string& config) {
    struct stat status {};
    if (::stat(config.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
        throw std::runtime_error("configuration " + config + " is not a regular file");
    if (::access(config.c_str(), R_OK) != 0 && errno != ENOENT)
        throw std::runtime_error("configuration " + config +
                                 " can't be read: " + std::generic_category().message(errno) +
                                 (errno == EACCES ? "; run as root" : ""));
}

} // namespace

std::vector<std::string> default_lxcpaths() {
    std::vector<std::string> paths{default_lxcpath()};
    for (const char* path :
         {"/var/lib/lxd/containers", "/var/snap/lxd/common/lxd/containers", "/var/lib/incus/containers"})
        if (is_directory(path) && std::ranges::find(paths, path) == paths.end())
            paths.emplace_back(path);
    return paths;
}

bool is_selected(const std::string& name, const DiscoverSettings& settings) noexcept {
    return (settings.include.empty() || matches_any(name, settings.include)) &&
           !matches_any(name, settings.exclude);
}

ContainerTable::ContainerTable(DiscoverSettings settings)
    : settings_(std::move(settings))
    , pve_names_(settings_.pve) {
    if (settings_.lxcpaths.empty())
        settings_.lxcpaths = default_lxcpaths();
    while (by_path_.size() < settings_.lxcpaths.size())
        by_path_.push_back({FolderWatch(settings_.listing), {}});
}

void ContainerTable::refresh() {
    sockets_.read();
    poll_ended();
    peers_.start_round();
    unlisted_peers_.start_round();
    bool listed = false;
    for (std::size_t index = 0; index < by_path_.size(); ++index) {
        const std::string& lxcpath = settings_.lxcpaths[index];
        Path& path = by_path_[index];
        try {
            if (!path.folder.is_due(lxcpath) && has_all_running(lxcpath, path.entries)) {
                update_all(path.entries);
                continue;
            }
            listed = true;
            list(lxcpath, path.entries);
            if (faults_.erase(lxcpath) != 0)
                spdlog::info("{}: can be listed again", lxcpath);
        } catch (const std::exception& error) {
            if (faults_.insert_or_assign(lxcpath, error.what()).second)
                spdlog::error(
                    "{}; new containers are not seen until this is fixed: run as root, and check --lxcpath",
                    error.what());
            path.folder.forget();
            update_all(path.entries);
        }
    }
    if (listed)
        mark_shadowed();
    pve_names_.refresh();
    make_view();
}

void ContainerTable::set_host_name(Entry& entry) const {
    const std::string_view pve_name = pve_names_.find(entry.container.name);
    const std::string_view name = pve_name.empty() ? std::string_view(entry.uts_name) : pve_name;
    if (entry.container.host_name != name)
        entry.container.host_name = name;
}

void ContainerTable::make_view() {
    view_.clear();
    left_out_ = 0;
    for (const Path& path : by_path_)
        for (const auto& [name, entry] : path.entries) {
            set_host_name(*entry);
            if (entry->known && !entry->container.repeats_name)
                view_.push_back(&entry->container);
            else
                ++left_out_;
        }
}

/// One poll() for all containers.
void ContainerTable::poll_ended() {
    polls_.clear();
    for (const Path& path : by_path_)
        for (const auto& [name, entry] : path.entries)
            polls_.push_back({entry->container.init_pidfd.get(), POLLIN, 0}); // ignores -1
    const bool polled = ::poll(polls_.data(), polls_.size(), 0) >= 0;
    auto each = polls_.begin();
    for (Path& path : by_path_)
        for (auto& [name, entry] : path.entries) {
            entry->ended = polled ? each->revents != 0 : !io::is_alive(each->fd);
            ++each;
        }
}

/// True if every container with a monitor socket is in `entries`, and every entry without a configuration
/// still has its socket.
bool ContainerTable::has_all_running(const std::string& lxcpath, const Entries& entries) const {
    bool has_all = true;
    sockets_.for_each_name(lxcpath, [&](std::string_view name) {
        has_all = has_all && (entries.contains(name) || !is_selected(std::string(name), settings_));
    });
    return has_all && std::ranges::all_of(entries, [this](const auto& item) {
               return item.second->defined || sockets_.has(item.second->socket_name);
           });
}

void ContainerTable::update_all(Entries& entries) {
    for (auto& [name, entry] : entries)
        update(*entry);
}

void ContainerTable::list(const std::string& lxcpath, Entries& entries) {
    std::vector<std::string> known = list_defined(lxcpath);
    add_lxd_names(lxcpath, known);
    for (auto& [name, entry] : entries)
        entry->seen = entry->defined = false;
    for (const std::string& name : known)
        mark_seen(lxcpath, name, true, entries);
    // Containers without a configuration (lxc-execute): any user can create such a socket, so check its owner
    // first.
    sockets_.for_each_name(lxcpath, [&](std::string_view running) {
        const std::string name(running);
        if (entries.contains(name) ||
            (is_selected(name, settings_) && unlisted_peers_.ask(lxcpath, name) == MonitorPeer::trusted))
            mark_seen(lxcpath, name, false, entries);
    });
    std::erase_if(entries, [](const auto& item) { return !item.second->seen; });
}

void ContainerTable::mark_seen(const std::string& lxcpath, const std::string& name, bool defined,
                               Entries& entries) {
    if (!is_selected(name, settings_))
        return;
    auto& entry = entries[name];
    if (!entry) {
        entry = std::make_unique<Entry>();
        entry->container.lxcpath = lxcpath;
        entry->container.name = name;
        entry->container.id = ++last_id_;
        entry->socket_name = monitor_socket_name(lxcpath, name);
    }
    entry->defined = entry->defined || defined;
    if (!std::exchange(entry->seen, true))
        update(*entry);
}

void ContainerTable::update(Entry& entry) {
    Container& container = entry.container;
    if (container.init_pid != 0 && !entry.ended)
        return; // the steady state: no query
    const bool active = sockets_.has(entry.socket_name);
    const bool ended = std::exchange(container.init_pid, 0) != 0;
    entry.ended = false; // handled here
    container.init_pidfd.reset();
    container.state = "STOPPED";
    const bool is_new = !std::exchange(entry.configured, true);
    if (!active && !is_new && !ended && entry.known)
        return;
    const std::int64_t now_ns = io::now_ns(CLOCK_MONOTONIC);
    if (active == entry.fault_active && now_ns < entry.retry_ns)
        return;
    std::string fault;
    bool is_silent = false;
    try {
        is_silent = !query_liblxc(entry, active);
        if (is_silent)
            fault = "its monitor does not answer: check for a stopped or hung process [lxc monitor]";
    } catch (const std::exception& error) {
        fault = error.what();
    }
    note_fault(entry, std::move(fault), is_silent, active, now_ns);
}

void ContainerTable::note_fault(Entry& entry, std::string fault, bool is_silent, bool active,
                                std::int64_t now_ns) {
    entry.known = fault.empty();
    entry.silences = is_silent ? entry.silences + 1 : 0;
    // A starting container answers soon; a monitor that stays silent costs time at each attempt.
    const int doublings = is_silent ? std::min(entry.silences, longest_doubling) : longest_doubling;
    entry.retry_ns = fault.empty() ? 0 : now_ns + (shortest_pause_ns << doublings);
    entry.fault_active = active;
    if (is_silent && entry.silences < silences_to_log)
        return;
    if (entry.fault != fault && !fault.empty())
        spdlog::warn("container {} of {}: {}; it is skipped until this is fixed", entry.container.name,
                     entry.container.lxcpath, fault);
    entry.fault = std::move(fault);
}

MonitorPeer ContainerTable::peer_of(Entry& entry) {
    const Container& container = entry.container;
    const MonitorPeer peer = peers_.ask(container.lxcpath, container.name);
    if (peer == MonitorPeer::untrusted && !std::exchange(entry.reported_untrusted, true))
        spdlog::warn(
            "container {} of {}: ignoring the process on its monitor socket: it is not run by root or the "
            "owner of the lxcpath, or is in another pid namespace",
            container.name, container.lxcpath);
    return peer;
}

bool ContainerTable::query_liblxc(Entry& entry, bool active) {
    Container& container = entry.container;
    const MonitorPeer peer = active ? peer_of(entry) : MonitorPeer::absent;
    if (peer == MonitorPeer::silent)
        return false;
    active = peer == MonitorPeer::trusted;
    check_readable(container.lxcpath + "/" + container.name + "/config");
    const LxcHandle handle(container.lxcpath, container.name);
    // LXD has no configuration while the container is stopped: keep the last name.
    std::string uts_name = handle.config_item("lxc.uts.name", active);
    if (std::string lxd_name = lxd_instance_name(container.lxcpath, container.name);
        uts_name.empty() && !lxd_name.empty())
        uts_name = entry.uts_name.empty() ? std::move(lxd_name) : std::move(entry.uts_name);
    entry.uts_name = std::move(uts_name);
    container.cgroup_dir = handle.config_item("lxc.cgroup.dir.container", active);
    if (!active)
        return true;
    container.state = handle.state();
    // Until it is RUNNING, init may still be on the host's root filesystem and network.
    if (container.state != "RUNNING" && container.state != "FROZEN")
        return true;
    io::UniqueFd pidfd = handle.init_pidfd();
    const pid_t pid = pidfd ? io::pid_of(pidfd.get()) : 0;
    if (pid <= 0 && handle.state() == container.state)
        throw std::runtime_error("liblxc returns no pidfd of its init");
    if (pid <= 0) {
        container.state = handle.state();
        return true;
    }
    container.state = "RUNNING";
    container.init_pidfd = std::move(pidfd);
    container.init_pid = pid;
    if (container.incarnation != 0)
        ++container.restarts;
    container.incarnation = ++last_incarnation_;
    return true;
}

void ContainerTable::mark_shadowed() {
    std::vector<Container*> all;
    for (const Path& path : by_path_)
        for (const auto& [name, entry] : path.entries)
            all.push_back(&entry->container);
    mark_same_names(all);
}

} // namespace lxcmon::discover
