// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/guard/container_names.hpp"

#include <algorithm>
#include <utility>

namespace lxcmon::sample {

std::unique_ptr<ContainerNames> GoneContainers::take(const Key& key, std::int64_t now_ns) {
    if (!gone_.empty()) {
        forget_old(now_ns);
        if (auto node = gone_.extract(key)) {
            text_bytes_ -= node.mapped().text_bytes;
            return std::move(node.mapped().names);
        }
    }
    return std::make_unique<ContainerNames>();
}

void GoneContainers::put(Key key, std::unique_ptr<ContainerNames> names, std::int64_t now_ns) {
    if (names->is_new())
        return;
    forget_old(now_ns);
    if (const auto known = gone_.find(key); known != gone_.end())
        text_bytes_ -= known->second.text_bytes;
    const std::size_t bytes = names->text_bytes();
    text_bytes_ += bytes;
    gone_.insert_or_assign(std::move(key), Gone{std::move(names), now_ns, bytes});
    if (gone_.size() > bounds_.containers)
        forget_first();
    while (text_bytes_ > bounds_.text_bytes)
        forget_first_names();
}

void GoneContainers::forget_old(std::int64_t now_ns) {
    std::erase_if(gone_, [&](const auto& item) {
        const bool is_old = now_ns - item.second.since_ns >= SeriesNames::day_ns;
        text_bytes_ -= is_old ? item.second.text_bytes : 0;
        return is_old;
    });
}

void GoneContainers::forget_first() {
    const auto first =
        std::ranges::min_element(gone_, {}, [](const auto& item) { return item.second.since_ns; });
    text_bytes_ -= first->second.text_bytes;
    gone_.erase(first);
}

void GoneContainers::forget_first_names() {
    const auto first = std::ranges::min_element(gone_, {}, [](const auto& item) {
        return std::pair(item.second.text_bytes == 0, item.second.since_ns);
    });
    text_bytes_ -= std::exchange(first->second.text_bytes, 0);
    first->second.names->forget_names();
}

} // namespace lxcmon::sample
