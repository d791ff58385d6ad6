// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/container.hpp"
#include "model/point.hpp"

#include <string>
#include <utility>
#include <vector>

namespace lxcmon::sample {

/// The user's tags: the host name and --tag.
struct CommonTags {
    std::string host;
    std::vector<std::pair<std::string, std::string>> user;

    friend bool operator==(const CommonTags&, const CommonTags&) = default;
};

/// The tags of every point of one container (docs/measurements.md), sorted by key. Owns copies of the texts;
/// points view into it.
class ContainerTags {
  public:
    ContainerTags(const CommonTags& common, const Container& container);
    ~ContainerTags() = default;
    ContainerTags(const ContainerTags&) = delete;
    ContainerTags& operator=(const ContainerTags&) = delete;

    [[nodiscard]] std::span<const Tag> all() const noexcept { return tags_; }
    /// False if the container's host name changed, or a container of the same name came or went.
    [[nodiscard]] bool matches(const Container& container) const noexcept;

  private:
    std::vector<std::pair<std::string, std::string>> texts_;
    std::vector<Tag> tags_;
    std::string host_name_;
    bool shadowed_;
};

} // namespace lxcmon::sample
