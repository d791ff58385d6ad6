// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "push/view/figures.hpp"

#include <array>
#include <string_view>
#include <vector>

namespace lxcmon::push {

/// The words of --sort.
inline constexpr auto sort_words =
    std::to_array<std::string_view>({"name", "cpu", "memory", "network", "disk", "processes"});
enum class SortBy { name, cpu, memory, network, disk, processes };

inline constexpr std::string_view any_state = "any";
/// The words of --state: those of lxc_state, and any.
inline constexpr auto state_words = std::to_array<std::string_view>(
    {"any", "running", "frozen", "stopped", "starting", "stopping", "aborting", "freezing", "thawed"});

/// Which containers to show, and in which order.
struct ViewSettings {
    SortBy sort = SortBy::name;
    bool is_reversed = false;
    std::string state; ///< as in lxc_state, only these; empty: all
};

/// `word` is one of sort_words.
[[nodiscard]] SortBy sort_by(std::string_view word);
[[nodiscard]] std::string_view word_of(SortBy by);

/// True if `left` comes before `right` for a person: 9 before 10 and 100, web2 before web10.
[[nodiscard]] bool comes_before(std::string_view left, std::string_view right) noexcept;

/// By name from the first to the last, by a figure from the highest to the lowest; `is_reversed`: the other
/// way. Containers without the figure are last in both cases; equal ones are in the order of their names.
void sort(std::vector<Figures>& containers, SortBy by, bool is_reversed);

/// True if the container is in the state that is wanted.
[[nodiscard]] inline bool has_state(const Figures& container, const ViewSettings& settings) {
    return settings.state.empty() || container.state == settings.state;
}

} // namespace lxcmon::push
