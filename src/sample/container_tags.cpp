// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/container_tags.hpp"

#include "text/clean_name.hpp"

#include <algorithm>

namespace lxcmon::sample {

ContainerTags::ContainerTags(const CommonTags& common, const Container& container)
    : texts_(common.user)
    , host_name_(container.host_name)
    , shadowed_(container.shadowed) {
    texts_.emplace_back("host", common.host);
    texts_.emplace_back("container", text::clean_name(container.name));
    if (!container.host_name.empty() && container.host_name != container.name)
        texts_.emplace_back("name", text::clean_name(container.host_name));
    // Two containers of one name would overwrite each other's points: the one in the later lxcpath has a tag.
    if (container.shadowed)
        texts_.emplace_back("lxcpath", text::clean_name(container.lxcpath));
    std::ranges::sort(texts_);
    for (const auto& [key, value] : texts_)
        tags_.push_back({key, value});
}

bool ContainerTags::matches(const Container& container) const noexcept {
    return host_name_ == container.host_name && shadowed_ == container.shadowed;
}

} // namespace lxcmon::sample
