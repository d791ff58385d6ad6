// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "push/invocation.hpp"
#include "push/view/figures.hpp"
#include "push/view/order.hpp"

#include <string>

/// One table of the containers of this host: all of `list`, and `top` without a terminal.
namespace lxcmon::push {

/// What to sample, for overviews.
[[nodiscard]] app::CollectSettings overview_settings(const Invocation& invocation);

/// --sort and --state of the command; `sort` is its default.
[[nodiscard]] ViewSettings view_settings(const Invocation& invocation, std::string_view sort);

/// Samples twice, for rates. The containers are chosen and sorted. `has_faults`: some could not be listed.
struct OneOverview {
    Overview overview;
    bool has_faults = false;
};
[[nodiscard]] OneOverview take_overview(const Invocation& invocation, const ViewSettings& settings);

/// A table with a line TOTAL, as wide as the terminal if there is one.
[[nodiscard]] std::string overview_table(const Overview& overview, SortBy sort);

/// An array of objects, one for each container; what is not known is left out.
[[nodiscard]] std::string overview_as_json(const std::vector<Figures>& containers);

} // namespace lxcmon::push
