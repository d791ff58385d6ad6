// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sample/guard/series_names.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace lxcmon::sample {

/// The names of one container in the points, over all of its starts.
struct ContainerNames {
    SeriesNames interfaces{}, filesystems{}, commands{};

    [[nodiscard]] bool is_new() const noexcept {
        return interfaces.is_new() && filesystems.is_new() && commands.is_new();
    }
    /// Bytes of all names.
    [[nodiscard]] std::size_t text_bytes() const noexcept {
        return interfaces.text_bytes() + filesystems.text_bytes() + commands.text_bytes();
    }
    void forget_names() noexcept {
        interfaces.forget_names();
        filesystems.forget_names();
        commands.forget_names();
    }
};

/// Keeps the names of containers that are gone for a day, so that a container that is destroyed and created
/// again has no new limit each time. Bounded: beyond the bounds, the containers that went first are
/// forgotten, or their names if these are too long; the limit of the day stays then. `now_ns` is
/// CLOCK_BOOTTIME.
class GoneContainers {
  public:
    using Key = std::pair<std::string, std::string>; ///< lxcpath and name
    struct Bounds {
        std::size_t containers = 1024;
        std::size_t text_bytes = 4U << 20U;
    };
    GoneContainers() = default;
    explicit GoneContainers(const Bounds& bounds) noexcept
        : bounds_(bounds) {}

    /// The kept names of a container, or new ones.
    [[nodiscard]] std::unique_ptr<ContainerNames> take(const Key& key, std::int64_t now_ns);
    void put(Key key, std::unique_ptr<ContainerNames> names, std::int64_t now_ns);

    [[nodiscard]] std::size_t size() const noexcept { return gone_.size(); }

  private:
    struct Gone {
        std::unique_ptr<ContainerNames> names;
        std::int64_t since_ns;
        std::size_t text_bytes;
    };
    void forget_old(std::int64_t now_ns);
    void forget_first();
    void forget_first_names();

    Bounds bounds_{};
    std::map<Key, Gone> gone_;
    std::size_t text_bytes_ = 0; ///< of all of `gone_`
};

} // namespace lxcmon::sample
