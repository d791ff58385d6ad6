// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/container_table.hpp"

#include "discover/lxc_api.hpp"
#include "discover/names/same_names.hpp"
#include "io/clock.hpp"
#include "io/pidfd.hpp"

#include <fnmatch.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace lxcmon::discover {
namespace {

bool matches_any(const std::string& name, const std::vector<std::string>& globs) noexcept {
    return std::ranges::any_of(
        globs, [&](const std::string& glob) { return ::fnmatch(glob.c_str(), name.c_str(), 0) == 0; });
}

bool is_directory(const std::string& path) noexcept {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
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
    , clients_(settings_.liblxc)
    , pve_names_(settings_.pve) {
    if (settings_.lxcpaths.empty())
        settings_.lxcpaths = default_lxcpaths();
    while (by_path_.size() < settings_.lxcpaths.size())
        by_path_.emplace_back(FolderWatch(settings_.listing));
}

void ContainerTable::refresh() {
    now_ns_ = io::now_ns(CLOCK_MONOTONIC);
    read_sockets();
    ignored_.start_round(sockets_.size(), now_ns_);
    poll_ended();
    for (std::size_t index = 0; index < by_path_.size(); ++index) {
        ask_for_list(index);
        update_all(index);
    }
    const bool is_first = std::exchange(is_first_, false);
    const auto end = Clock::now() + (is_first ? settings_.liblxc.first_wait : settings_.liblxc.wait);
    while (auto answer = clients_.next(end))
        take(std::move(*answer));
    clients_.end_idle();
    if (std::exchange(listed_, false))
        mark_shadowed();
    pve_names_.refresh();
    make_view();
}

void ContainerTable::read_sockets() {
    const int error = sockets_.read();
    constexpr const char* what = "reading /proc/net/unix";
    if (error != 0 && error != ETIME && is_first_)
        throw std::system_error(error, std::generic_category(), what);
    if (std::exchange(sockets_error_, error) == error)
        return;
    if (error != 0)
        spdlog::error(
            "{}: {}; containers that start are not seen, and stopped ones are left out, until it works", what,
            MonitorSockets::reason_of(error));
    else
        spdlog::info("{} works again", what);
}

void ContainerTable::set_host_name(ContainerEntry& entry) const {
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
            // Without the list of sockets, a container that was stopped may run now.
            const bool is_known = entry->known && (sockets_error_ == 0 || entry->container.init_pid != 0);
            if (is_known && !entry->container.repeats_name)
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
            entry->ended = polled ? (each->revents & (POLLIN | POLLHUP)) != 0 : io::has_ended(each->fd);
            ++each;
        }
}

/// True if every container with a monitor socket is in `entries`, and every entry without a configuration
/// still has its socket.
bool ContainerTable::has_all_running(const std::string& lxcpath, const Entries& entries) {
    bool has_all = true;
    sockets_.for_each_name(lxcpath, [&](std::string_view name, std::uint64_t listener) {
        has_all = has_all && (ignored_.contains(lxcpath, name, listener) || entries.contains(name) ||
                              !is_selected(std::string(name), settings_));
    });
    return has_all && std::ranges::all_of(entries, [this](const auto& item) {
               return item.second->defined || sockets_.inode_of(item.second->socket_name) != 0;
           });
}

/// Touches an lxcpath only if that is root's.
bool ContainerTable::must_list(const std::string& lxcpath, Path& path) {
    if (path.question != 0 || now_ns_ < path.retry_ns)
        return false;
    if (!path.owner)
        path.owner = lxcpath_owner(lxcpath);
    if (!path.owner)
        return true;
    const bool is_due = path.owner->uid == 0 ? path.folder.is_due(lxcpath) : path.folder.is_due_untouched();
    return is_due || !has_all_running(lxcpath, path.entries);
}

void ContainerTable::ask_for_list(std::size_t index) {
    const std::string& lxcpath = settings_.lxcpaths[index];
    Path& path = by_path_[index];
    if (!must_list(lxcpath, path))
        return;
    const auto owner = lxcpath_owner(lxcpath);
    if (!owner) {
        note_list(lxcpath, path,
                  "listing the containers of " + lxcpath + ": " + std::generic_category().message(errno));
        return;
    }
    path.owner = *owner;
    LxcQuestion question;
    question.lxcpath = lxcpath;
    path.question = clients_.ask(*path.owner, std::move(question),
                                 path.failures != 0 ? LxcUrgency::last : LxcUrgency::normal);
    pending_.emplace(path.question, Pending{index, {}, false});
}

/// Logs when an lxcpath can't be listed any more, and when it can again.
void ContainerTable::note_list(const std::string& lxcpath, Path& path, const std::string& fault) {
    if (fault.empty()) {
        if (faults_.erase(lxcpath) != 0)
            spdlog::info("{}: can be listed again", lxcpath);
        return;
    }
    if (faults_.insert_or_assign(lxcpath, fault).second)
        spdlog::error("{}; new containers are not seen until this is fixed: check --lxcpath and the rights "
                      "of the agent",
                      fault);
    path.folder.forget();
}

void ContainerTable::take(LxcAnswer answer) {
    const auto at = pending_.find(answer.number);
    if (at == pending_.end())
        return;
    const Pending pending = std::move(at->second);
    pending_.erase(at);
    if (pending.name.empty()) {
        take_list(pending.path, answer);
        return;
    }
    Entries& entries = by_path_[pending.path].entries;
    // A container may have been removed meanwhile, and made again.
    if (const auto entry = entries.find(pending.name);
        entry != entries.end() && entry->second->question == answer.number)
        take_container(pending.path, *entry->second, pending.of_init, std::move(answer));
}

void ContainerTable::take_list(std::size_t index, const LxcAnswer& answer) {
    const std::string& lxcpath = settings_.lxcpaths[index];
    Path& path = by_path_[index];
    path.question = 0;
    const bool is_broken = answer.trouble == LxcTrouble::broken;
    path.failures = is_broken ? path.failures + 1 : 0;
    path.retry_ns = is_broken ? now_ns_ + pause_after(path.failures) : 0;
    note_list(lxcpath, path,
              answer.fault.find(lxcpath) == std::string::npos && !answer.fault.empty()
                  ? "listing the containers of " + lxcpath + ": " + answer.fault
                  : answer.fault);
    if (answer.trouble != LxcTrouble::none)
        return;
    listed_ = true;
    for (auto& [name, entry] : path.entries)
        entry->seen = entry->defined = false;
    for (const std::string& name : answer.names)
        mark_seen(index, name, true);
    // Containers without a configuration (lxc-execute): any user can create such a socket, so check its owner
    // first.
    sockets_.for_each_name(lxcpath, [&](std::string_view running, std::uint64_t listener) {
        const std::string name(running);
        if (path.entries.contains(name) ||
            (is_selected(name, settings_) && ignored_.is_monitor(lxcpath, name, listener, path.owner->uid)))
            mark_seen(index, name, false);
    });
    std::erase_if(path.entries, [](const auto& item) { return !item.second->seen; });
}

void ContainerTable::mark_seen(std::size_t index, const std::string& name, bool defined) {
    if (!is_selected(name, settings_))
        return;
    auto& entry = by_path_[index].entries[name];
    if (!entry)
        entry = std::make_unique<ContainerEntry>(++last_id_, settings_.lxcpaths[index], name);
    entry->defined = entry->defined || defined;
    if (!std::exchange(entry->seen, true))
        update(index, *entry);
}

void ContainerTable::update_all(std::size_t index) {
    for (auto& [name, entry] : by_path_[index].entries)
        update(index, *entry);
}

void ContainerTable::update(std::size_t index, ContainerEntry& entry) {
    if (entry.container.init_pid != 0 && !entry.ended)
        return; // the steady state
    const std::uint64_t listener = sockets_.inode_of(entry.socket_name);
    const bool is_ignored =
        listener != 0 && ignored_.contains(entry.container.lxcpath, entry.container.name, listener);
    if (by_path_[index].owner && entry.must_ask(is_ignored ? 0 : listener, now_ns_))
        ask(index, entry, false);
}

void ContainerTable::ask(std::size_t index, ContainerEntry& entry, bool of_init) {
    const LxcOwner owner = by_path_[index].owner.value_or(LxcOwner{});
    if (of_init) // only root can look at any process
        entry.question = clients_.ask({}, entry.init_question(owner.uid), LxcUrgency::next);
    else
        entry.question = clients_.ask(owner, entry.container_question(),
                                      entry.is_doubtful() ? LxcUrgency::last : LxcUrgency::normal);
    pending_.emplace(entry.question, Pending{index, entry.container.name, of_init});
}

void ContainerTable::take_container(std::size_t index, ContainerEntry& entry, bool of_init,
                                    LxcAnswer answer) {
    if (answer.untrusted) {
        ignored_.add(entry.container.lxcpath, entry.container.name, entry.socket);
        entry.report_untrusted(by_path_[index].owner.value_or(LxcOwner{}).uid);
    }
    if (!of_init) {
        if (entry.take(std::move(answer), now_ns_))
            ask(index, entry, true);
        return;
    }
    if (!entry.take_init(answer, now_ns_))
        return;
    if (entry.container.incarnation != 0)
        ++entry.container.restarts;
    entry.container.incarnation = ++last_incarnation_;
}

/// An lxcpath of root's has precedence over those of users, which can take any name.
void ContainerTable::mark_shadowed() {
    std::vector<Container*> all;
    for (const bool of_root : {true, false})
        for (const Path& path : by_path_)
            if ((path.owner && path.owner->uid == 0) == of_root)
                for (const auto& [name, entry] : path.entries)
                    all.push_back(&entry->container);
    mark_same_names(all);
}

} // namespace lxcmon::discover
