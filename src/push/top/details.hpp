// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/point.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::push {

/// One container in full: its interfaces, filesystems, devices and busiest commands.
class Details {
  public:
    /// Reads the points of a container, of a sample at `monotonic_ns`. `name` and `lxcpath` are the tags of
    /// its points. Rates are those since the last sample that was read of it. Another container, or one whose
    /// init has changed, begins without rates.
    void read(const PointBuffer& points, std::string_view name, std::string_view lxcpath,
              std::int64_t monotonic_ns);
    [[nodiscard]] const std::vector<std::string>& lines() const noexcept { return lines_; }

  private:
    using Cells = std::vector<std::vector<std::string>>; ///< by row; the first one has the titles
    struct Sections {
        Cells interfaces, filesystems, devices, commands;
    };

    std::string container_; ///< of the last call, with its init
    std::map<std::string, std::int64_t, std::less<>> before_, now_;
    std::int64_t read_ns_ = 0;
    double seconds_ = 0;
    std::vector<std::string> lines_;

    void add(const Point& point, Sections& sections);
    /// A table, if it has rows; the first `texts` columns are no numbers.
    void show(const Cells& cells, std::size_t texts);
    std::optional<double> rate(const Point& point, std::string_view field);
    std::string rate_of_bytes(const Point& point, std::string_view field);
};

} // namespace lxcmon::push
