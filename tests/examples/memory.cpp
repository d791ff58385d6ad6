// SPDX-License-Identifier: GPL-2.0-or-later
// A second program on the first rooms: prints the memory of each container below the lxcpaths that are given.
// It proves that the rooms app, discover and sample serve more than one program.
#include "app/collector.hpp"

#include <fmt/core.h>

int main(int argument_count, char** arguments) {
    using namespace lxcmon;
    app::CollectSettings settings;
    settings.discover.lxcpaths.assign(arguments + 1, arguments + argument_count);
    settings.metrics = {"lxc_memory.used_bytes"};
    settings.once = true;
    app::Collector collector(settings);
    collector.collect(0);
    for (std::size_t index = 0; index < collector.points.size(); ++index) {
        const Point point = collector.points[index];
        fmt::print("{} {}\n", tag_of(point, "container"), std::get<std::int64_t>(point.fields.front().value));
    }
}
