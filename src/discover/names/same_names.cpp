// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/names/same_names.hpp"

#include "text/clean_name.hpp"

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

/// `first` has the same name in the points.
void set_marks(Container& container, const Container* first, bool repeats) {
    const bool began_repeating = repeats && !std::exchange(container.repeats_name, repeats);
    const bool was_shadowed = std::exchange(container.shadowed, first != nullptr);
    container.repeats_name = repeats;
    if (began_repeating)
        spdlog::warn(
            "container {} of {}: it is left out: its name is sent as {}, like that of another container "
            "of this lxcpath; rename one of them",
            container.name, container.lxcpath, text::clean_name(container.name));
    else if (first != nullptr && !repeats && !was_shadowed && first->name != container.name)
        spdlog::warn(
            "container {} of {}: its name is sent as {}, like that of container {} of {}: its points "
            "have the tag lxcpath",
            container.name, container.lxcpath, text::clean_name(container.name), first->name, first->lxcpath);
}

} // namespace

void mark_same_names(std::span<Container* const> containers) {
    std::map<std::string, const Container*> firsts;
    std::map<std::pair<std::string, std::string>, const Container*> sent; ///< with the lxcpath
    for (Container* const each : by_precedence(containers)) {
        std::string name = text::clean_name(each->name);
        const bool repeats = !sent.try_emplace({text::clean_name(each->lxcpath), name}, each).second;
        const auto [first, is_first] = firsts.try_emplace(std::move(name), each);
        set_marks(*each, is_first ? nullptr : first->second, repeats);
    }
}

} // namespace lxcmon::discover
