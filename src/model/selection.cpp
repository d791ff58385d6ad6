// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/selection.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <stdexcept>

namespace lxcmon {

Selection Selection::everything() noexcept {
    Selection all;
    all.fields_.set();
    return all;
}

Selection Selection::by_default() noexcept {
    Selection usual = everything();
    for (const MeasurementInfo& measurement : measurement_table) {
        const FieldRange range = find_fields(measurement.name);
        for (FieldId field = range.first; field < range.last; ++field)
            usual.fields_.set(field, measurement.is_on_by_default && field_table[field].is_on_by_default);
    }
    return usual;
}

Selection Selection::of(std::span<const std::string> patterns) {
    const auto is_change = [](const std::string& pattern) {
        return pattern.starts_with('+') || pattern.starts_with('!');
    };
    Selection selection;
    if (patterns.empty() || is_change(patterns.front()))
        selection = by_default();
    for (const std::string& pattern : patterns) {
        const std::string glob = pattern.substr(is_change(pattern) ? 1 : 0);
        if (!selection.set(glob, !pattern.starts_with('!')))
            throw std::invalid_argument(glob);
    }
    return selection;
}

bool Selection::remove(const std::string& glob) {
    return set(glob, false);
}

bool Selection::has_any(FieldRange range) const noexcept {
    for (FieldId field = range.first; field < range.last; ++field)
        if (fields_.test(field))
            return true;
    return false;
}

bool Selection::set(const std::string& glob, bool wanted) {
    const bool is_of_fields = glob.find('.') != std::string::npos;
    bool found = false;
    for (FieldId field = 0; field < field_count; ++field) {
        const FieldInfo& info = field_table[field];
        std::string name(info.measurement);
        if (is_of_fields)
            name += '.' + std::string(info.name);
        if (info.measurement.empty() || ::fnmatch(glob.c_str(), name.c_str(), 0) != 0)
            continue;
        found = true;
        if (!wanted || is_of_fields || info.is_on_by_default)
            fields_.set(field, wanted);
    }
    return found;
}

} // namespace lxcmon
