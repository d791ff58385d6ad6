// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/network/host_links.hpp"

#include "sample/network/host_points.hpp"

#include <algorithm>
#include <cerrno>

namespace lxcmon::sample {
namespace {

/// If interfaces change during a dump, the kernel can list an interface twice.
template <typename Item>
void sort_by_index(std::vector<Item>& items) {
    std::ranges::sort(items, {}, &Item::index);
    const auto is_same = [](const Item& one, const Item& other) { return one.index == other.index; };
    items.erase(std::unique(items.begin(), items.end(), is_same), items.end());
}

} // namespace

int HostLinks::refresh() {
    const bool changed = news_.take(); // before the list: changes during the list are reported next time
    // A single request costs about twice as much as an entry of a list.
    if (is_listed_ && !changed && own_.size() <= names_.size() / 2 && renew_counters())
        return 0;
    const int error = list();
    is_listed_ = error == 0;
    if (error != 0) {
        names_.clear();
        own_.clear();
    }
    return error;
}

int HostLinks::list() {
    names_.clear();
    own_.clear();
    ++listings_;
    const io::UniqueFd rtnetlink = open_rtnetlink();
    if (!rtnetlink)
        return errno;
    const int error = dump_links(rtnetlink.get(), [this](const Link& link) {
        names_.push_back({link.index, link.name});
        if (with_counters_ && is_host_link(link))
            own_.push_back(link);
    });
    sort_by_index(names_);
    sort_by_index(own_);
    return error;
}

/// Returns false if an interface has gone or changed its kind since the list.
bool HostLinks::renew_counters() noexcept {
    if (own_.empty())
        return true;
    const io::UniqueFd rtnetlink = open_rtnetlink();
    return rtnetlink && std::ranges::all_of(own_, [&](Link& link) {
               return get_link(rtnetlink.get(), link.index, link) == 0 && is_host_link(link);
           });
}

std::string_view HostLinks::name(std::uint32_t index) const noexcept {
    const auto at = std::ranges::lower_bound(names_, index, {}, &Name::index);
    return at != names_.end() && at->index == index ? std::string_view(at->text.data()) : std::string_view{};
}

} // namespace lxcmon::sample
