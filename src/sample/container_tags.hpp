#pragma once

#include "model/container.hpp"
#include "model/point.hpp"

#include <string>
#include <utility>
#include <vector>

namespace lxcmon::sample {

/// Tags as the user gave them: host and --tag.
struct CommonTags {
    std::string host;
    std::vector<std::pair<std::string, std::string>> user;

    friend bool operator==(const CommonTags&, const CommonTags&) = default;
};

/// The tags that every point of one container carries (SCHEMA.md). Owns copies: points view into it.
class ContainerTags {
  public:
    ContainerTags(const CommonTags& common, const Container& container);
    ~ContainerTags() = default;
    ContainerTags(const ContainerTags&) = delete;
    ContainerTags& operator=(const ContainerTags&) = delete;

    [[nodiscard]] std::span<const Tag> all() const noexcept { return tags_; }
    /// Whether they still say what the container is: it may have got another host name, or a namesake.
    [[nodiscard]] bool fits(const Container& container) const noexcept;

  private:
    std::vector<std::pair<std::string, std::string>> texts_;
    std::vector<Tag> tags_;
    std::string host_name_;
    bool shadowed_;
};

} // namespace lxcmon::sample
