// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/helper/protocol.hpp"

#include <algorithm>
#include <span>

namespace lxcmon::sample {
namespace {

/// Longer than any scan: eleven days.
constexpr std::int64_t most_nsec = 1'000'000'000'000'000;

} // namespace

bool FilesystemReply::is_whole(std::size_t length) const noexcept {
    if (length < offsetof(FilesystemReply, texts) || count > max_filesystems || text_bytes > texts.size() ||
        length != sent_bytes())
        return false;
    const auto fits = [this](TextSpan span) {
        return span.begin <= text_bytes && span.length <= text_bytes - span.begin;
    };
    // The agent adds the durations up.
    const auto is_duration = [](std::int64_t nsec) { return nsec >= 0 && nsec < most_nsec; };
    return is_duration(list_nsec) &&
           std::ranges::all_of(std::span(filesystems).first(count), [&](const Filesystem& each) {
               return fits(each.mount_point) && fits(each.source) && fits(each.type) &&
                      is_duration(each.took_nsec);
           });
}

Filesystem* FilesystemReply::add(const WantedMount& mount) noexcept {
    const std::size_t needed = mount.mount_point.size() + mount.source.size() + mount.filesystem_type.size();
    if (count == max_filesystems || needed > texts.size() - text_bytes)
        return nullptr;
    const auto put = [this](std::string_view text) {
        const TextSpan span{text_bytes, static_cast<std::uint32_t>(text.size())};
        text.copy(texts.data() + text_bytes, text.size());
        text_bytes += span.length;
        return span;
    };
    Filesystem& added = filesystems[count++];
    added = {};
    added.mount_point = put(mount.mount_point);
    added.source = put(mount.source);
    added.type = put(mount.filesystem_type);
    added.device = mount.device;
    return &added;
}

} // namespace lxcmon::sample
