// SPDX-License-Identifier: GPL-2.0-or-later
// A second program on the first rooms: prints the memory of each container. It proves that app, discover and
// sample serve more than one program.
#include "app/collector.hpp"

#include <cstdio>

int main() {
    using namespace lxcmon;
    app::CollectSettings settings;
    settings.metrics = {"lxc_memory.used_bytes"};
    settings.once = true;
    app::Collector collector(settings);
    collector.collect(0);
    for (std::size_t index = 0; index < collector.points.size(); ++index) {
        const Point point = collector.points[index];
        const std::string name(tag_of(point, "container"));
        std::printf("%s %lld\n", name.c_str(),
                    static_cast<long long>(std::get<std::int64_t>(point.fields.front().value)));
    }
}
