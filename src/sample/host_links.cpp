#include "sample/host_links.hpp"

#include <algorithm>
#include <cerrno>

namespace lxcmon::sample {

int HostLinks::refresh() {
    links_.clear();
    const io::UniqueFd rtnetlink = open_rtnetlink();
    if (!rtnetlink)
        return errno;
    const int error = dump_links(rtnetlink.get(), [this](const Link& link) { links_.push_back(link); });
    if (error != 0)
        links_.clear();
    // A dump that others' changes interrupt can name an interface twice.
    std::ranges::sort(links_, {}, &Link::index);
    const auto is_same = [](const Link& one, const Link& other) { return one.index == other.index; };
    links_.erase(std::unique(links_.begin(), links_.end(), is_same), links_.end());
    return error;
}

std::string_view HostLinks::name(std::uint32_t index) const noexcept {
    const auto at = std::ranges::lower_bound(links_, index, {}, &Link::index);
    return at != links_.end() && at->index == index ? std::string_view(at->name.data()) : std::string_view{};
}

} // namespace lxcmon::sample
