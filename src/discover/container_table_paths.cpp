// SPDX-License-Identifier: GPL-2.0-or-later
// The lxcpaths of the table: whose they are, which are the same folder, and when they are listed.
#include "discover/container_table.hpp"
#include "text/same_kind.hpp"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <utility>

namespace lxcmon::discover {

/// True if every container with a monitor socket is in `entries`, and every entry without a configuration
/// still has its socket.
bool ContainerTable::has_all_running(const std::string& lxcpath, const Path& path) {
    bool has_all = true;
    for (const std::string& each : path.paths)
        sockets_.for_each_name(each, [&](std::string_view name, std::uint64_t listener) {
            has_all = has_all && (ignored_.contains(lxcpath, name, listener) || path.entries.contains(name) ||
                                  !is_wanted(path, std::string(name)));
        });
    const auto has_socket = [this](const std::string& name) { return sockets_.inode_of(name) != 0; };
    return has_all && std::ranges::all_of(path.entries, [&](const auto& item) {
               return item.second->defined || item.second->announced ||
                      std::ranges::any_of(item.second->socket_names, has_socket);
           });
}

/// Touches an lxcpath only if nothing on the way to it can hang.
bool ContainerTable::must_list(std::size_t index) {
    const std::string& lxcpath = settings_.lxcpaths[index];
    Path& path = by_path_[index];
    if (path.is_gone || path.question != 0 || now_ns_ < path.retry_ns)
        return false;
    const bool is_due = path.may_hang ? path.folder.is_due_untouched() : path.folder.is_due(lxcpath);
    return is_due || !path.owner || (path.same_as == index && !has_all_running(lxcpath, path));
}

/// First root's process says whose the lxcpath is, then that owner's process lists it.
void ContainerTable::ask_about_path(std::size_t index, LxcAsk what) {
    Path& path = by_path_[index];
    LxcQuestion question;
    question.ask = what;
    question.lxcpath = settings_.lxcpaths[index];
    if (what == LxcAsk::list) {
        question.pve_lxcpath = settings_.pve.lxcpath;
        question.others = path.others;
    }
    path.question =
        clients_.ask(what == LxcAsk::list ? path.owner.value_or(LxcOwner{}) : LxcOwner{}, std::move(question),
                     path.failures != 0 ? LxcUrgency::last : LxcUrgency::normal);
    pending_.emplace(path.question, Pending{index, {}, what});
}

/// nullptr if nobody but root and the agent's user can cause messages.
LogAllowance* ContainerTable::allowance_of(const Path& path) {
    const uid_t uid = path.owner.value_or(LxcOwner{}).uid;
    return uid == 0 || uid == ::geteuid() ? nullptr : &allowances_.try_emplace(uid, uid).first->second;
}

/// Logs when an lxcpath can't be listed any more, the reason if it is another one, and when it can again.
void ContainerTable::note_list(const std::string& lxcpath, Path& path, const std::string& fault) {
    if (fault.empty()) {
        if (faults_.erase(lxcpath) != 0 && may_log(allowance_of(path), now_ns_))
            spdlog::info("{}: can be listed again", lxcpath);
        return;
    }
    const auto [known, is_first] = faults_.try_emplace(lxcpath, fault);
    if ((is_first || !text::same_kind(std::exchange(known->second, fault), fault)) &&
        may_log(allowance_of(path), now_ns_))
        spdlog::error("{}; new containers are not seen until this is fixed: check --lxcpath and the rights "
                      "of the agent",
                      fault);
    path.folder.forget();
}

void ContainerTable::take_of_path(std::size_t index, LxcAsk what, const LxcAnswer& answer) {
    const std::string& lxcpath = settings_.lxcpaths[index];
    Path& path = by_path_[index];
    path.question = 0;
    if (path.is_gone)
        return;
    if (what == LxcAsk::owner && answer.trouble == LxcTrouble::none) {
        take_owner(index, answer);
        return;
    }
    if (answer.trouble == LxcTrouble::fault) { // it may be the other path of a folder that is still there
        path.forget_folder();
        find_same_folders();
    }
    const bool is_broken = answer.trouble == LxcTrouble::broken;
    path.failures = is_broken ? path.failures + 1 : 0;
    path.retry_ns = is_broken ? now_ns_ + pause_after(path.failures) : 0;
    note_list(lxcpath, path,
              answer.fault.find(lxcpath) == std::string::npos && !answer.fault.empty()
                  ? "listing the containers of " + lxcpath + ": " + answer.fault
                  : answer.fault);
    if (answer.trouble == LxcTrouble::none)
        take_list(index, answer);
}

/// What was known of the containers of another owner does not hold any more.
void ContainerTable::take_owner(std::size_t index, const LxcAnswer& answer) {
    Path& path = by_path_[index];
    if (path.owner && path.owner->uid != answer.owner.uid) {
        spdlog::warn("{}: it was uid {}'s and is uid {}'s now: its containers are looked up anew",
                     settings_.lxcpaths[index], path.owner->uid, answer.owner.uid);
        path.forget_containers();
        path.forget_folder();
    }
    path.owner = answer.owner;
    path.may_hang = answer.may_hang;
    if (!path.may_hang) // notes what the folder is like before the list
        static_cast<void>(path.folder.is_due(settings_.lxcpaths[index]));
    ask_about_path(index, LxcAsk::list);
}

void ContainerTable::take_list(std::size_t index, const LxcAnswer& answer) {
    const std::string& lxcpath = settings_.lxcpaths[index];
    Path& path = by_path_[index];
    listed_ = true;
    path.folder_id = answer.folder;
    path.others = answer.others;
    if (!path.others.looked_until.empty()) // the rest of the monitors at once
        path.folder.forget();
    find_same_folders();
    if (path.same_as != index)
        return update_all(path.same_as);
    choose_manager(path, answer);
    begin_list(path.entries);
    for (const std::string& name : answer.names)
        mark_seen(index, name, Source::configuration);
    // Containers without a configuration (lxc-execute): any user can create such a socket, so check its owner
    // first.
    for (const std::string& each : path.paths)
        sockets_.for_each_name(each, [&](std::string_view running, std::uint64_t listener) {
            const std::string name(running);
            if (path.entries.contains(name) ||
                (is_wanted(path, name) &&
                 ignored_.is_monitor({lxcpath, each}, name, listener, path.owner->uid)))
                mark_seen(index, name, Source::monitor);
        });
    path.memories.clear();
    std::erase_if(path.entries, [](const auto& item) { return !item.second->seen; });
}

/// A folder that two lxcpaths lead to belongs to the first of these. Only of one owner: a user could name any
/// folder as his.
void ContainerTable::find_same_folders() {
    for (std::size_t index = 0; index < by_path_.size(); ++index) {
        Path& path = by_path_[index];
        std::size_t first = 0;
        while (first < index && !by_path_[first].is_same_folder(path))
            ++first;
        const std::size_t before = std::exchange(path.same_as, first);
        if (before == first)
            continue;
        if (first == index) {
            path.folder.forget();            // it must be listed for itself
            if (!by_path_[before].folder_id) // its containers are here
                by_path_[before].forget_containers();
            continue;
        }
        path.forget_containers();
        if (may_log(allowance_of(path), now_ns_))
            spdlog::info("{} is the same folder as {}: its containers are there once, with that lxcpath",
                         settings_.lxcpaths[index], settings_.lxcpaths[first]);
    }
    share_paths();
}

/// Gives each folder all paths that lead to it. A path leads to one folder only, whatever a user claims.
void ContainerTable::share_paths() {
    std::map<std::string, std::size_t> folders; ///< by path
    std::vector<std::vector<std::string>> paths(by_path_.size());
    const auto add = [&](const std::string& path, std::size_t index) {
        const auto [known, is_new] = folders.try_emplace(path, by_path_[index].same_as);
        if (is_new)
            paths[known->second].push_back(path);
    };
    for (std::size_t index = 0; index < by_path_.size(); ++index)
        if (!by_path_[index].is_gone)
            add(settings_.lxcpaths[index], index);
    for (const bool of_root : {true, false})
        for (std::size_t index = 0; index < by_path_.size(); ++index)
            if (is_of_root(by_path_[index]) == of_root)
                for (const std::string& path : by_path_[index].others.paths)
                    add(path, index);
    for (std::size_t index = 0; index < by_path_.size(); ++index) {
        Path& path = by_path_[index];
        if (std::exchange(path.paths, std::move(paths[index])) == path.paths)
            continue;
        for (auto& [name, entry] : path.entries)
            entry->set_paths(path.paths);
    }
}

/// A manager stays as long as the folder is the same: it may be down for a while.
void ContainerTable::choose_manager(Path& path, const LxcAnswer& answer) {
    if (path.manager && path.managed_folder != answer.folder) {
        path.manager.reset();
        for (auto& [name, entry] : path.entries)
            entry->announced = false;
    }
    if (path.manager || allowance_of(path) != nullptr)
        return;
    path.managed_folder = answer.folder;
    const auto earlier = std::ranges::find(earlier_, answer.folder, &Earlier::folder);
    if (earlier == earlier_.end()) {
        path.manager = find_manager(answer.is_pve, answer.daemon_socket, settings_);
        return;
    }
    path.manager = std::move(earlier->manager);
    path.has_earlier_answer = true;
    path.memories = std::move(earlier->memories);
    earlier_.erase(earlier);
}

void ContainerTable::take_managers_of(const ContainerTable& before) {
    earlier_ = before.earlier_;
    for (const Path& path : before.by_path_) {
        if (!path.manager)
            continue;
        Earlier& earlier = earlier_.emplace_back(Earlier{path.managed_folder, path.manager, path.memories});
        for (const auto& [name, entry] : path.entries)
            earlier.memories.insert_or_assign(name, entry->memory());
    }
}

/// Containers that were never started on this host are only known to their manager.
void ContainerTable::refresh_manager(std::size_t index, bool may_wait) {
    Path& path = by_path_[index];
    if (!path.manager || path.is_gone || path.same_as != index)
        return;
    bool has_answer = path.manager->refresh(!path.entries.empty(), may_wait);
    has_answer |= std::exchange(path.has_earlier_answer, false);
    if (!has_answer || !path.manager->announces())
        return;
    listed_ = true;
    for (auto& [name, entry] : path.entries) {
        entry->announced = false;
        select(path, *entry);
    }
    for (const auto& [name, managed] : path.manager->answer().here)
        mark_seen(index, name, Source::manager);
}

void ContainerTable::mark_seen(std::size_t index, const std::string& name, Source source) {
    Path& path = by_path_[index];
    if (!is_wanted(path, name))
        return;
    auto& entry = path.entries[name];
    if (!entry) {
        entry = std::make_unique<ContainerEntry>(++last_id_, settings_.lxcpaths[index], name);
        entry->set_paths(path.paths);
        entry->allowance = allowance_of(path);
        if (const auto memory = path.memories.find(name); memory != path.memories.end())
            entry->take(memory->second);
        select(path, *entry);
    }
    entry->defined = entry->defined || source == Source::configuration;
    entry->announced = entry->announced || source == Source::manager;
    if (!std::exchange(entry->seen, true))
        update(index, *entry);
}

} // namespace lxcmon::discover
