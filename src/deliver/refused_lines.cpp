// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/refused_lines.hpp"

#include <algorithm>
#include <cstddef>
#include <unordered_set>

namespace lxcmon::deliver {

std::string refused_lines(std::string_view sent, const Verdict& verdict) {
    if (verdict.refused_lines.empty() && verdict.refused_texts.empty())
        return {};
    const std::unordered_set<std::string_view> texts(verdict.refused_texts.begin(),
                                                     verdict.refused_texts.end());
    const auto& numbers = verdict.refused_lines;
    std::string refused;
    for (std::size_t number = 1; !sent.empty(); ++number) {
        const std::string_view line = sent.substr(0, sent.find('\n'));
        sent.remove_prefix(std::min(sent.size(), line.size() + 1));
        if (std::binary_search(numbers.begin(), numbers.end(), number) || texts.contains(line))
            refused.append(line).push_back('\n');
    }
    return refused;
}

} // namespace lxcmon::deliver
