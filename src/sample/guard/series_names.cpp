// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/guard/series_names.hpp"

#include <algorithm>
#include <utility>

namespace lxcmon::sample {
namespace {

/// A search visits every name, and a hostile container causes one for each refused name.
constexpr std::int64_t search_pause_ns = 60'000'000'000;

} // namespace

void SeriesNames::Notice::note(std::int64_t now_ns) noexcept {
    is_due = is_due || !last_ns || now_ns - *last_ns >= unused_after_ns;
    last_ns = now_ns;
}

bool SeriesNames::Notice::take() noexcept {
    return std::exchange(is_due, false);
}

void SeriesNames::begin_scan(std::int64_t now_ns) noexcept {
    ++scan_;
    const std::int64_t passed_ns = std::clamp<std::int64_t>(now_ns - now_ns_, 0, day_ns);
    credit_ns_ = std::min(day_ns, credit_ns_ + passed_ns);
    now_ns_ = std::max(now_ns_, now_ns);
}

Admission SeriesNames::admit(std::string_view name) {
    if (const auto known = names_.find(name); known != names_.end()) {
        known->second.used_ns = now_ns_;
        if (std::exchange(known->second.scan, scan_) != scan_)
            return Admission::admitted;
        same_name_.note(now_ns_);
        return Admission::same_name;
    }
    if (!has_place() || credit_ns_ < cost_ns_) {
        too_many_.note(now_ns_);
        return Admission::too_many;
    }
    credit_ns_ -= cost_ns_;
    names_.emplace(name, Use{now_ns_, scan_});
    return Admission::admitted;
}

bool SeriesNames::has_place() {
    if (names_.size() >= most_ && now_ns_ >= next_search_ns_) {
        next_search_ns_ = now_ns_ + search_pause_ns;
        std::erase_if(names_, [this](const auto& each) { return is_unused(each.second); });
    }
    return names_.size() < most_;
}

std::size_t SeriesNames::text_bytes() const noexcept {
    std::size_t bytes = 0;
    for (const auto& [name, use] : names_)
        bytes += name.size();
    return bytes;
}

} // namespace lxcmon::sample
