// SPDX-License-Identifier: GPL-2.0-or-later
// The lxcpaths of the table without --lxcpath: the default ones, which come and go.
#include "discover/container_table.hpp"
#include "discover/managers/pve_config.hpp"
#include "io/clock.hpp"
#include "text/same_kind.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace lxcmon::discover {

void ContainerTable::ask_about_defaults() {
    now_ns_ = io::now_ns(CLOCK_MONOTONIC);
    if (defaults_question_ != 0 || now_ns_ < defaults_due_ns_)
        return;
    defaults_due_ns_ = now_ns_ + settings_.listing.defaults_period.count();
    const bool seeks_pve = settings_.pve.lxcpath.empty() && has_pve_mount_point(settings_.pve.folder);
    if (!follows_defaults_ && !seeks_pve)
        return;
    LxcQuestion question;
    question.ask = LxcAsk::defaults;
    defaults_question_ = clients_.ask({}, std::move(question), LxcUrgency::normal);
}

void ContainerTable::take_defaults(const LxcAnswer& answer) {
    defaults_question_ = 0;
    if (!text::same_kind(std::exchange(defaults_fault_, answer.fault), answer.fault) && !answer.fault.empty())
        spdlog::error("the default lxcpaths can't be looked for, and stay as they are: {}", answer.fault);
    if (answer.trouble != LxcTrouble::none)
        return;
    if (settings_.pve.lxcpath.empty() && !answer.paths.empty())
        settings_.pve.lxcpath = answer.paths.front();
    if (!follows_defaults_)
        return;
    for (const std::string& lxcpath : answer.paths)
        follow_default(lxcpath);
    for (std::size_t index = 0; index < by_path_.size(); ++index)
        if (std::ranges::find(answer.paths, settings_.lxcpaths[index]) == answer.paths.end())
            leave_default(index);
    find_same_folders();
}

void ContainerTable::follow_default(const std::string& lxcpath) {
    const auto known = std::ranges::find(settings_.lxcpaths, lxcpath);
    const auto index = static_cast<std::size_t>(known - settings_.lxcpaths.begin());
    const bool is_new = known == settings_.lxcpaths.end();
    if (is_new)
        add_path(lxcpath);
    if (!std::exchange(by_path_[index].is_gone, false) && (!is_new || is_first_))
        return;
    by_path_[index].folder.forget();
    spdlog::info("{} is an lxcpath of this host now: its containers are sampled", lxcpath);
}

void ContainerTable::leave_default(std::size_t index) {
    Path& path = by_path_[index];
    const auto runs = [](const auto& item) { return item.second->container.init_pid != 0; };
    if (path.is_gone || std::ranges::any_of(path.entries, runs)) // what runs stays
        return;
    path.is_gone = true;
    path.forget_containers();
    path.forget_folder();
    faults_.erase(settings_.lxcpaths[index]);
    listed_ = true;
    spdlog::info("{} is no lxcpath of this host any more: its containers are gone",
                 settings_.lxcpaths[index]);
}

void ContainerTable::add_path(const std::string& lxcpath) {
    settings_.lxcpaths.push_back(lxcpath);
    by_path_.emplace_back(FolderWatch(settings_.listing));
    by_path_.back().same_as = by_path_.size() - 1;
}

} // namespace lxcmon::discover
