// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/view/order.hpp"

#include <algorithm>
#include <tuple>

namespace lxcmon::push {
namespace {

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

/// Takes a number without its leading zeros, or one other byte, from the start.
std::string_view take_part(std::string_view& text) noexcept {
    std::size_t length = 1;
    if (is_digit(text.front())) {
        while (text.size() > 1 && text.front() == '0' && is_digit(text[1]))
            text.remove_prefix(1);
        while (length < text.size() && is_digit(text[length]))
            ++length;
    }
    const std::string_view part = text.substr(0, length);
    text.remove_prefix(length);
    return part;
}

std::optional<double> sum_of(const std::optional<double>& first, const std::optional<double>& second) {
    return first || second ? std::optional(first.value_or(0) + second.value_or(0)) : std::nullopt;
}

std::optional<double> as_double(const std::optional<std::int64_t>& number) {
    return number ? std::optional(static_cast<double>(*number)) : std::nullopt;
}

std::optional<double> figure_of(const Figures& each, SortBy by) {
    switch (by) {
    case SortBy::cpu:
        return each.cpu_percent;
    case SortBy::memory:
        return as_double(each.memory_used_bytes);
    case SortBy::network:
        return sum_of(each.rx_bytes_per_sec, each.tx_bytes_per_sec);
    case SortBy::disk:
        return sum_of(each.read_bytes_per_sec, each.write_bytes_per_sec);
    case SortBy::processes:
        return as_double(each.processes);
    case SortBy::name:
        break;
    }
    return std::nullopt;
}

bool name_before(const Figures& left, const Figures& right) noexcept {
    return left.name == right.name ? left.lxcpath < right.lxcpath : comes_before(left.name, right.name);
}

} // namespace

SortBy sort_by(std::string_view word) {
    return static_cast<SortBy>(std::ranges::find(sort_words, word) - sort_words.begin());
}

std::string_view word_of(SortBy by) {
    return sort_words[static_cast<std::size_t>(by)];
}

bool comes_before(std::string_view left, std::string_view right) noexcept {
    const std::string_view whole_left = left, whole_right = right;
    while (!left.empty() && !right.empty()) {
        const std::string_view first = take_part(left);
        const std::string_view second = take_part(right);
        if (first == second)
            continue;
        if (is_digit(first.front()) && is_digit(second.front()) && first.size() != second.size())
            return first.size() < second.size();
        return first < second;
    }
    if (left.empty() != right.empty())
        return left.empty();
    return whole_left < whole_right; // they differ in leading zeros
}

void sort(std::vector<Figures>& containers, SortBy by, bool is_reversed) {
    std::ranges::stable_sort(containers, [&](const Figures& left, const Figures& right) {
        if (by == SortBy::name)
            return is_reversed ? name_before(right, left) : name_before(left, right);
        const auto first = figure_of(left, by), second = figure_of(right, by);
        if (first.has_value() != second.has_value())
            return first.has_value();
        if (first && *first != *second)
            return is_reversed ? *first < *second : *first > *second;
        return name_before(left, right);
    });
}

} // namespace lxcmon::push
