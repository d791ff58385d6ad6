// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/container_table.hpp"

#include "discover/names/same_names.hpp"
#include "discover/selection.hpp"
#include "io/clock.hpp"
#include "text/same_kind.hpp"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>

namespace lxcmon::discover {

ContainerTable::ContainerTable(DiscoverSettings settings)
    : settings_(std::move(settings))
    , clients_(settings_.liblxc) {
    if (settings_.lxcpaths.empty())
        settings_.lxcpaths = default_lxcpaths();
    if (settings_.pve.lxcpath.empty())
        settings_.pve.lxcpath = default_lxcpaths().front();
    while (by_path_.size() < settings_.lxcpaths.size())
        by_path_.emplace_back(FolderWatch(settings_.listing));
}

void ContainerTable::refresh() {
    now_ns_ = io::now_ns(CLOCK_MONOTONIC);
    sockets_.refresh();
    ignored_.start_round(sockets_.size(), now_ns_);
    poll_ended();
    for (std::size_t index = 0; index < by_path_.size(); ++index) {
        if (must_list(settings_.lxcpaths[index], by_path_[index]))
            ask_about_path(index, LxcAsk::owner);
        update_all(index);
    }
    const bool is_first = std::exchange(is_first_, false);
    const auto end = Clock::now() + (is_first ? settings_.liblxc.first_wait : settings_.liblxc.wait);
    while (auto answer = clients_.next(end))
        take(std::move(*answer));
    clients_.end_idle();
    clients_.report_overdue();
    for (std::size_t index = 0; index < by_path_.size(); ++index)
        refresh_manager(index);
    if (std::exchange(listed_, false))
        mark_shadowed();
    make_view();
}

void ContainerTable::make_view() {
    view_.clear();
    left_out_ = 0;
    for (const Path& path : by_path_)
        for (const auto& [name, entry] : path.entries) {
            entry->set_managed(path.manager.get());
            // Without the list of sockets, a container that was stopped may run now.
            const bool is_known = entry->known && (sockets_.error() == 0 || entry->container.init_pid != 0);
            if (is_known && !entry->container.repeats_name && entry->left_for.empty())
                view_.push_back(&entry->container);
            else if (entry->left_for.empty())
                ++left_out_;
        }
}

std::vector<Finding> ContainerTable::managers() const {
    std::vector<Finding> findings;
    for (const Path& path : by_path_)
        if (path.manager && path.manager->was_asked())
            findings.push_back(path.manager->finding(left_of(path.entries)));
    return findings;
}

void ContainerTable::poll_ended() {
    for (const Path& path : by_path_)
        for (const auto& [name, entry] : path.entries)
            ended_inits_.add(*entry);
    ended_inits_.find();
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
               return item.second->defined || item.second->announced ||
                      sockets_.inode_of(item.second->socket_name) != 0;
           });
}

/// Touches an lxcpath only if nothing on the way to it can hang.
bool ContainerTable::must_list(const std::string& lxcpath, Path& path) {
    if (path.question != 0 || now_ns_ < path.retry_ns)
        return false;
    const bool is_due = path.may_hang ? path.folder.is_due_untouched() : path.folder.is_due(lxcpath);
    return is_due || !path.owner || !has_all_running(lxcpath, path.entries);
}

/// First root's process says whose the lxcpath is, then that owner's process lists it.
void ContainerTable::ask_about_path(std::size_t index, LxcAsk what) {
    Path& path = by_path_[index];
    LxcQuestion question;
    question.ask = what;
    question.lxcpath = settings_.lxcpaths[index];
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

void ContainerTable::take(LxcAnswer answer) {
    const auto at = pending_.find(answer.number);
    if (at == pending_.end())
        return;
    const Pending pending = std::move(at->second);
    pending_.erase(at);
    if (pending.name.empty())
        return take_of_path(pending.path, pending.ask, answer);
    Entries& entries = by_path_[pending.path].entries;
    // A container may have been removed meanwhile, and made again.
    if (const auto entry = entries.find(pending.name);
        entry != entries.end() && entry->second->question == answer.number)
        take_container(pending.path, *entry->second, pending.ask == LxcAsk::init, std::move(answer));
}

void ContainerTable::take_of_path(std::size_t index, LxcAsk what, const LxcAnswer& answer) {
    const std::string& lxcpath = settings_.lxcpaths[index];
    Path& path = by_path_[index];
    path.question = 0;
    if (what == LxcAsk::owner && answer.trouble == LxcTrouble::none) {
        take_owner(index, answer);
        return;
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
        path.entries.clear();
        path.manager.reset();
    }
    path.owner = answer.owner;
    path.may_hang = answer.may_hang;
    if (!path.manager && allowance_of(path) == nullptr)
        path.manager = find_manager(settings_.lxcpaths[index], settings_);
    if (!path.may_hang) // notes what the folder is like before the list
        static_cast<void>(path.folder.is_due(settings_.lxcpaths[index]));
    ask_about_path(index, LxcAsk::list);
}

void ContainerTable::take_list(std::size_t index, const LxcAnswer& answer) {
    const std::string& lxcpath = settings_.lxcpaths[index];
    Path& path = by_path_[index];
    listed_ = true;
    begin_list(path.entries);
    for (const std::string& name : answer.names)
        mark_seen(index, name, Source::configuration);
    // Containers without a configuration (lxc-execute): any user can create such a socket, so check its owner
    // first.
    sockets_.for_each_name(lxcpath, [&](std::string_view running, std::uint64_t listener) {
        const std::string name(running);
        if (path.entries.contains(name) ||
            (is_selected(name, settings_) && ignored_.is_monitor(lxcpath, name, listener, path.owner->uid)))
            mark_seen(index, name, Source::monitor);
    });
    std::erase_if(path.entries, [](const auto& item) { return !item.second->seen; });
}

/// Containers that were never started on this host are only known to their manager.
void ContainerTable::refresh_manager(std::size_t index) {
    Path& path = by_path_[index];
    if (!path.manager || !path.manager->refresh(!path.entries.empty()) || !path.manager->announces())
        return;
    listed_ = true;
    for (auto& [name, entry] : path.entries)
        entry->announced = false;
    for (const auto& [name, managed] : path.manager->answer().here)
        mark_seen(index, name, Source::manager);
}

void ContainerTable::mark_seen(std::size_t index, const std::string& name, Source source) {
    if (!is_selected(name, settings_))
        return;
    auto& entry = by_path_[index].entries[name];
    if (!entry) {
        entry = std::make_unique<ContainerEntry>(++last_id_, settings_.lxcpaths[index], name);
        entry->allowance = allowance_of(by_path_[index]);
    }
    entry->defined = entry->defined || source == Source::configuration;
    entry->announced = entry->announced || source == Source::manager;
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
    if (by_path_[index].owner && !entry.is_only_announced(listener) &&
        entry.must_ask(is_ignored ? 0 : listener, now_ns_))
        ask(index, entry, false);
}

void ContainerTable::ask(std::size_t index, ContainerEntry& entry, bool of_init) {
    const LxcOwner owner = by_path_[index].owner.value_or(LxcOwner{});
    const LxcUrgency urgency = entry.is_doubtful() ? LxcUrgency::last : LxcUrgency::normal;
    if (of_init)
        entry.question =
            clients_.ask(owner, entry.init_question(owner.uid), owner.uid == 0 ? LxcUrgency::next : urgency);
    else
        entry.question = clients_.ask(owner, entry.container_question(), urgency);
    pending_.emplace(entry.question,
                     Pending{index, entry.container.name, of_init ? LxcAsk::init : LxcAsk::container});
}

/// All monitors of a user's can name one process.
void ContainerTable::refuse_taken_init(const ContainerEntry& entry, LxcAnswer& answer) const {
    for (const Path& path : by_path_)
        for (const auto& [name, other] : path.entries)
            entry.refuse_init_of(*other, answer);
}

void ContainerTable::take_container(std::size_t index, ContainerEntry& entry, bool of_init,
                                    LxcAnswer answer) {
    if (answer.untrusted) {
        ignored_.add(entry.container.lxcpath, entry.container.name, entry.socket);
        entry.report_untrusted(by_path_[index].owner.value_or(LxcOwner{}).uid, now_ns_);
    }
    if (!of_init) {
        if (entry.take(std::move(answer), now_ns_))
            ask(index, entry, true);
        return;
    }
    refuse_taken_init(entry, answer);
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
    mark_same_names(all, [this](const Container& container) {
        const auto at = std::ranges::find(settings_.lxcpaths, container.lxcpath) - settings_.lxcpaths.begin();
        return may_log(allowance_of(by_path_[static_cast<std::size_t>(at)]), now_ns_);
    });
}

} // namespace lxcmon::discover
