// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/commands/commands.hpp"

#include "app/standard_output.hpp"
#include "push/commands/overview_table.hpp"
#include "text/display_width.hpp"

#include <cstdio>

namespace lxcmon::push {

int list_containers(const Invocation& invocation) {
    text::use_utf8_locale();
    const bool as_json = invocation.mode == app::Mode::json;
    const ViewSettings settings = view_settings(invocation, "name");
    const OneOverview one = take_overview(invocation, settings);
    app::print(as_json ? overview_as_json(one.overview.containers)
                       : overview_table(one.overview, settings.sort));
    if (one.overview.containers.empty() && !as_json)
        std::fputs("no containers found\n", stderr);
    return one.has_faults ? 1 : 0;
}

} // namespace lxcmon::push
