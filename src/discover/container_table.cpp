// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/container_table.hpp"

#include "discover/names/same_names.hpp"
#include "discover/names/selection.hpp"
#include "io/clock.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace lxcmon::discover {

ContainerTable::ContainerTable(DiscoverSettings settings)
    : settings_(std::move(settings))
    , clients_(settings_.liblxc) {
    follows_defaults_ = settings_.lxcpaths.empty();
    for (const std::string& lxcpath : std::exchange(settings_.lxcpaths, {}))
        add_path(lxcpath);
    ask_about_defaults();
    const auto end = Clock::now() + settings_.liblxc.first_wait;
    while (auto answer = clients_.next(end))
        take(std::move(*answer));
    if (by_path_.empty()) // no answer in time
        add_path("/var/lib/lxc");
    share_paths();
}

void ContainerTable::refresh() {
    now_ns_ = io::now_ns(CLOCK_MONOTONIC);
    sockets_.refresh();
    ignored_.start_round(sockets_.size(), now_ns_);
    poll_ended();
    ask_about_defaults();
    for (std::size_t index = 0; index < by_path_.size(); ++index) {
        if (must_list(index))
            ask_about_path(index, LxcAsk::owner);
        update_all(index);
    }
    const bool is_first = std::exchange(is_first_, false);
    const auto end = Clock::now() + (is_first ? settings_.liblxc.first_wait : settings_.liblxc.wait);
    while (auto answer = clients_.next(end))
        take(std::move(*answer));
    clients_.end_idle();
    clients_.report_overdue();
    ask_managers(is_first);
    if (std::exchange(listed_, false))
        mark_shadowed();
    make_view();
    note_no_match();
}

/// On Proxmox VE a host name may select a container, and is not known when the container is found.
bool ContainerTable::is_wanted(const Path& path, const std::string& name) const noexcept {
    return is_of_pve(path) ? may_be_selected(name, settings_) : is_selected(name, {}, settings_);
}

/// The host name may come later than the container, and change.
void ContainerTable::select(const Path& path, ContainerEntry& entry) {
    const Managed* const managed = is_of_pve(path) ? path.manager->find(entry.container.name) : nullptr;
    const bool selected =
        is_selected(entry.container.name, managed != nullptr ? managed->host_name : std::string(), settings_);
    listed_ = std::exchange(entry.selected, selected) != selected || listed_;
}

void ContainerTable::ask_managers(bool may_wait) {
    for (std::size_t index = 0; index < by_path_.size(); ++index) {
        refresh_manager(index, may_wait);
        for (const auto& [name, entry] : by_path_[index].entries)
            if (entry->selected)
                listed_ = entry->set_managed(by_path_[index].manager.get()) || listed_;
    }
}

void ContainerTable::make_view() {
    view_.clear();
    left_out_ = 0;
    for (const Path& path : by_path_)
        for (const auto& [name, entry] : path.entries) {
            if (!entry->selected)
                continue;
            // Without the list of sockets, a container that was stopped may run now.
            const bool is_known = entry->known && (sockets_.error() == 0 || entry->container.init_pid != 0);
            if (is_known && !entry->container.repeats_name && entry->left_for.empty())
                view_.push_back(&entry->container);
            else if (entry->left_for.empty())
                ++left_out_;
        }
}

void ContainerTable::report_left_out() {
    for (const Path& path : by_path_)
        for (const auto& [name, entry] : path.entries)
            if (entry->selected && entry->left_for.empty())
                entry->report_left_out(now_ns_);
}

std::string ContainerTable::why_none_is_selected() const {
    const bool is_listed = faults_.empty() && std::ranges::all_of(by_path_, [](const Path& path) {
                               return path.is_gone || path.folder_id;
                           });
    return is_listed && view_.empty() && left_out_ == 0 ? no_match(settings_) : std::string();
}

void ContainerTable::note_no_match() {
    std::string why = why_none_is_selected();
    if (why == said_no_match_)
        return;
    if (why.empty())
        spdlog::info("{}: a container matches now", said_no_match_);
    else
        spdlog::warn("{}: no container is sampled until one matches", why);
    said_no_match_ = std::move(why);
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

void ContainerTable::take(LxcAnswer answer) {
    const auto at = pending_.find(answer.number);
    if (answer.number == defaults_question_)
        return take_defaults(answer);
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

void ContainerTable::update_all(std::size_t index) {
    for (auto& [name, entry] : by_path_[index].entries)
        update(index, *entry);
}

/// The process that may be its monitor: behind the last one that was asked, then from the first path on. One
/// that has a pause after a failure comes last.
ContainerTable::Listener ContainerTable::find_listener(const ContainerEntry& entry) const {
    Listener found;
    const std::size_t ways = entry.socket_names.size();
    for (std::size_t step = 0; step < ways; ++step) {
        const std::size_t way = (entry.first_way + step) % ways;
        const std::uint64_t inode = sockets_.inode_of(entry.socket_names[way]);
        if (inode == 0 || ignored_.contains(entry.container.lxcpath, entry.container.name, inode))
            continue;
        if (!entry.is_paused(inode, now_ns_, way))
            return {way, inode};
        if (found.inode == 0)
            found = {way, inode};
    }
    return found;
}

void ContainerTable::update(std::size_t index, ContainerEntry& entry) {
    if (entry.container.init_pid != 0 && !entry.ended)
        return; // the steady state
    const Path& path = by_path_[index];
    const auto [way, listener] = find_listener(entry);
    if (listener != 0 && entry.socket == 0)
        entry.question =
            0; // it was asked as a stopped one, before this path was known or its monitor started
    if (!path.owner || entry.is_only_announced(listener) || !entry.must_ask(listener, now_ns_, way))
        return;
    entry.asked_path = path.paths[way];
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
        if (find_listener(entry).inode != 0) { // it may be the monitor: the state is not known yet
            entry.question = 0;
            return update(index, entry);
        }
    }
    if (!of_init) {
        if (entry.take(std::move(answer), now_ns_))
            ask(index, entry, true);
        else if (!entry.known) // its monitor may listen by another path
            update(index, entry);
        return;
    }
    refuse_taken_init(entry, answer);
    if (!entry.take_init(answer, now_ns_))
        return update(index, entry);
    if (entry.container.incarnation != 0)
        ++entry.container.restarts;
    entry.container.incarnation = ++last_incarnation_;
}

/// An lxcpath of root's has precedence over those of users, which can take any name. A container that has
/// left takes no name.
void ContainerTable::mark_shadowed() {
    std::vector<Container*> all;
    for (const bool of_root : {true, false})
        for (const Path& path : by_path_)
            if (is_of_root(path) == of_root)
                for (const auto& [name, entry] : path.entries)
                    if (entry->selected && entry->left_for.empty())
                        all.push_back(&entry->container);
    mark_same_names(all, [this](const Container& container) {
        const auto at = std::ranges::find(settings_.lxcpaths, container.lxcpath) - settings_.lxcpaths.begin();
        return may_log(allowance_of(by_path_[static_cast<std::size_t>(at)]), now_ns_);
    });
}

} // namespace lxcmon::discover
