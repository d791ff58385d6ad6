// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/names/same_names.hpp"

#include "text/clean_name.hpp"
#include "text/printable.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace lxcmon::discover {
namespace {

/// In each lxcpath, the clean names first.
std::vector<Container*> by_precedence(std::span<Container* const> containers) {
    std::vector<Container*> order(containers.begin(), containers.end());
    for (auto begin = order.begin(); begin != order.end();) {
        const std::string& lxcpath = (*begin)->lxcpath;
        const auto end =
            std::find_if(begin, order.end(), [&](const Container* each) { return each->lxcpath != lxcpath; });
        std::stable_partition(begin, end, [](const Container* each) { return text::is_clean(each->name); });
        begin = end;
    }
    return order;
}

void log_repeated(const Container& container, const Container& repeated) {
    spdlog::warn(
        "container {} of {}: it is left out: its name is sent as {}, like that of container {} of this "
        "lxcpath; rename one of them",
        text::escaped(container.name), container.lxcpath, text::clean_name(container.name),
        text::escaped(repeated.name));
}

void log_shadowed(const Container& container, const Container& first) {
    if (first.name == container.name)
        spdlog::info(
            "container {} of {}: a container of {} has the same name: its points have the tag lxcpath",
            text::escaped(container.name), container.lxcpath, first.lxcpath);
    else
        spdlog::warn(
            "container {} of {}: its name is sent as {}, like that of container {} of {}: its points "
            "have the tag lxcpath",
            text::escaped(container.name), container.lxcpath, text::clean_name(container.name),
            text::escaped(first.name), first.lxcpath);
}

/// `first` has the same name in the points; `repeated` the same lxcpath, too.
void set_marks(Container& container, const Container* first, const Container* repeated,
               const MayLog& may_log) {
    const bool repeats = repeated != nullptr;
    const bool repeated_before = std::exchange(container.repeats_name, repeats);
    const bool was_shadowed = std::exchange(container.shadowed, first != nullptr);
    if (repeats && !repeated_before && may_log(container))
        log_repeated(container, *repeated);
    else if (first != nullptr && !repeats && !was_shadowed && may_log(container))
        log_shadowed(container, *first);
}

} // namespace

void mark_same_names(std::span<Container* const> containers, const MayLog& may_log) {
    std::map<std::string, const Container*> firsts;
    std::map<std::pair<std::string, std::string>, const Container*> sent; ///< with the lxcpath
    for (Container* const each : by_precedence(containers)) {
        std::string name = text::clean_name(each->name);
        const auto [same, is_new] = sent.try_emplace({text::clean_name(each->lxcpath), name}, each);
        const auto [first, is_first] = firsts.try_emplace(std::move(name), each);
        set_marks(*each, is_first ? nullptr : first->second, is_new ? nullptr : same->second, may_log);
    }
}

} // namespace lxcmon::discover
