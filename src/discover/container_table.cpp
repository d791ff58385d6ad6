#include "discover/container_table.hpp"

#include "discover/lxc_api.hpp"
#include "discover/lxd_names.hpp"
#include "discover/monitor_peer.hpp"
#include "io/clock.hpp"
#include "io/pidfd.hpp"

#include <fnmatch.h>
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

/// Before a container that gave trouble is asked again: a monitor that does not answer costs time at each
/// try.
constexpr std::int64_t fault_pause_ns = 30'000'000'000;

bool is_directory(const std::string& path) noexcept {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

/// liblxc itself would only say that there is no handle. LXD's and Incus's containers have no such file.
void check_readable(const std::string& config) {
    if (::access(config.c_str(), R_OK) != 0 && errno != ENOENT)
        throw std::runtime_error("its configuration " + config +
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
    : settings_(std::move(settings)) {
    if (settings_.lxcpaths.empty())
        settings_.lxcpaths = default_lxcpaths();
    by_path_.resize(settings_.lxcpaths.size());
}

void ContainerTable::refresh() {
    for (std::size_t index = 0; index < by_path_.size(); ++index) {
        const std::string& lxcpath = settings_.lxcpaths[index];
        try {
            refresh_path(lxcpath, by_path_[index]);
            if (faults_.erase(lxcpath) != 0)
                spdlog::info("{}: listed again", lxcpath);
        } catch (const std::exception& error) {
            if (faults_.insert_or_assign(lxcpath, error.what()).second)
                spdlog::error(
                    "{}; new containers are not seen until it works. Root's rights are needed, and a "
                    "path that exists (--lxcpath)",
                    error.what());
            for (auto& [name, entry] : by_path_[index])
                update(*entry, entry->container.init_pid != 0);
        }
    }
    mark_shadowed();
    view_.clear();
    left_out_ = 0;
    for (const Entries& entries : by_path_)
        for (const auto& [name, entry] : entries)
            if (entry->known)
                view_.push_back(&entry->container);
            else
                ++left_out_;
}

void ContainerTable::refresh_path(const std::string& lxcpath, Entries& entries) {
    std::vector<std::string> active = list_active(lxcpath);
    std::vector<std::string> known = list_defined(lxcpath);
    add_lxd_names(lxcpath, known);
    std::ranges::sort(active);
    known.insert(known.end(), active.begin(), active.end());

    for (auto& [name, entry] : entries)
        entry->seen = false;
    for (const std::string& name : known) {
        if (!is_selected(name, settings_))
            continue;
        auto& entry = entries[name];
        if (!entry) {
            entry = std::make_unique<Entry>();
            entry->container.lxcpath = lxcpath;
            entry->container.name = name;
            entry->container.id = ++last_id_;
        }
        if (!std::exchange(entry->seen, true))
            update(*entry, std::ranges::binary_search(active, name));
    }
    std::erase_if(entries, [](const auto& item) { return !item.second->seen; });
}

void ContainerTable::update(Entry& entry, bool active) {
    Container& container = entry.container;
    if (active && container.init_pid != 0 && io::is_alive(container.init_pidfd.get()))
        return; // the steady state: nobody is asked
    const bool ended = std::exchange(container.init_pid, 0) != 0;
    container.init_pidfd.reset();
    container.state = "STOPPED";
    const bool is_new = !std::exchange(entry.configured, true);
    if (!active && !is_new && !ended && entry.known)
        return;
    const std::int64_t now_ns = io::now_ns(CLOCK_MONOTONIC);
    if (active && now_ns < entry.again_ns) // without a monitor there is nobody to wait for
        return;
    std::string fault;
    try {
        contact(container, active);
    } catch (const std::exception& error) {
        fault = error.what();
    }
    entry.known = fault.empty();
    entry.again_ns = fault.empty() ? 0 : now_ns + fault_pause_ns;
    if (entry.fault != fault && !fault.empty())
        spdlog::warn("container {} of {}: {}; it is left out while that lasts", container.name,
                     container.lxcpath, fault);
    entry.fault = std::move(fault);
}

void ContainerTable::contact(Container& container, bool active) {
    const MonitorPeer peer = active ? monitor_peer(container.lxcpath, container.name) : MonitorPeer::unknown;
    if (peer == MonitorPeer::untrusted)
        throw std::runtime_error(
            "the process that answers as its monitor is neither root's nor the folder's owner's, "
            "and is not believed");
    if (peer == MonitorPeer::silent)
        throw std::runtime_error(
            "its monitor does not answer: look for a process [lxc monitor] that is stopped or hangs");
    check_readable(container.lxcpath + "/" + container.name + "/config");
    const LxcHandle handle(container.lxcpath, container.name);
    container.host_name = handle.config_item("lxc.uts.name", active);
    container.cgroup_dir = handle.config_item("lxc.cgroup.dir.container", active);
    if (!active)
        return;
    container.state = handle.state();
    // Until it is RUNNING, init may still be on the host's root filesystem and network.
    if (container.state != "RUNNING" && container.state != "FROZEN")
        return;
    io::UniqueFd pidfd = handle.init_pidfd();
    const pid_t pid = pidfd ? io::pid_of(pidfd.get()) : 0;
    if (pid <= 0 && handle.state() == container.state)
        throw std::runtime_error("liblxc gives no pidfd of its init");
    if (pid <= 0) {
        container.state = handle.state();
        return;
    }
    container.state = "RUNNING";
    container.init_pidfd = std::move(pidfd);
    container.init_pid = pid;
    if (container.incarnation != 0)
        ++container.restarts;
    container.incarnation = ++last_incarnation_;
}

void ContainerTable::mark_shadowed() {
    std::set<std::string_view> taken;
    for (const Entries& entries : by_path_)
        for (const auto& [name, entry] : entries)
            entry->container.shadowed = !taken.insert(name).second;
}

} // namespace lxcmon::discover
