// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "push/view/figures.hpp"
#include "push/view/order.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The columns of `list` and `top`.
namespace lxcmon::push {

struct Column {
    std::string_view title;
    /// Of two columns that do not both fit, the one with the higher number goes; those of one number go
    /// together.
    int rank;
    bool is_right_aligned;
    /// The text of a cell, safe for a terminal; "-" for an unknown value.
    std::string (*text)(const Figures& figures);
    SortBy sorts = SortBy::name; ///< the order that this column shows
};

/// Those that say something about these containers, from left to right: without host names, lxcpaths, locks,
/// restarts or OOM kills if no container has any (an lxcpath: if all names differ). The first one is the
/// name, which stays and is cut if it must be.
[[nodiscard]] std::vector<const Column*> columns_for(std::span<const Figures> containers);

/// "812M", "1.5G": at most 5 columns, in powers of 1024.
[[nodiscard]] std::string short_size(double bytes);
/// "12.3%", "1234%".
[[nodiscard]] std::string percent(double share);
/// "-" for an unknown value.
[[nodiscard]] std::string size_or_dash(const std::optional<std::int64_t>& bytes);
/// "812M/2.0G"; "812M" without a total.
[[nodiscard]] std::string used_of(const std::optional<std::int64_t>& used,
                                  const std::optional<std::int64_t>& total);
/// "1.2M/s"; "-" for an unknown value.
[[nodiscard]] std::string rate_text(const std::optional<double>& bytes_per_sec);

} // namespace lxcmon::push
