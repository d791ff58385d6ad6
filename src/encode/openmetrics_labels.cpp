// SPDX-License-Identifier: GPL-2.0-or-later
#include "encode/openmetrics_labels.hpp"

#include "encode/metric_family.hpp"
#include "text/clean_name.hpp"
#include "text/contains.hpp"

#include <algorithm>
#include <vector>

namespace lxcmon::encode {
namespace {

bool is_letter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

/// The labels of info and state sets, and those of histograms and summaries.
const std::vector<std::string>& reserved_labels() {
    static const std::vector<std::string> labels = [] {
        std::vector<std::string> list{"le", "quantile", "lxc_state"};
        for (const FieldInfo& field : field_table)
            if (field.type == FieldType::string)
                list.emplace_back(field.name);
        return list;
    }();
    return labels;
}

bool is_good(std::string_view key) noexcept {
    return !key.empty() && !is_digit(key.front()) && !key.starts_with("__") &&
           std::ranges::all_of(key, [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

std::string label_name(std::string_view key) {
    std::string name;
    if (key.empty() || is_digit(key.front()) || key.starts_with("__"))
        name = "tag_";
    for (const char c : key)
        name.push_back(is_letter(c) || is_digit(c) ? c : '_');
    if (name.starts_with("__")) // Prometheus' own
        name.insert(0, "tag");
    return name;
}

bool has_label(std::string_view labels, std::string_view name) {
    const std::string begin = std::string(name) + "=\"";
    return labels.starts_with(begin) || text::contains(labels, "\"," + begin);
}

/// True if the key is a label's name as it is: all keys of the agent's own tags are.
bool is_plain_key(std::string_view key) {
    return is_good(key) && std::ranges::find(reserved_labels(), key) == reserved_labels().end();
}

std::string free_name(std::string_view key, std::string_view labels) {
    std::string name = label_name(key);
    while (!is_plain_key(name) || has_label(labels, name))
        name.push_back('_');
    return name;
}

void append_label(std::string& out, std::string_view name, std::string_view value, std::string& buffer) {
    if (!out.empty())
        out.push_back(',');
    out.append(name).append("=\"");
    append_label_value(out, text::clean_name(value, buffer));
    out.push_back('"');
}

/// `list`: separated by ", ".
bool is_in(std::string_view list, std::string_view key) {
    while (!list.empty()) {
        const auto end = std::min(list.find(", "), list.size());
        if (list.substr(0, end) == key)
            return true;
        list.remove_prefix(std::min(end + 2, list.size()));
    }
    return false;
}

} // namespace

void set_labels(std::string& out, const Point& point, std::string_view without) {
    out.clear();
    std::string buffer;
    bool all_are_plain = true;
    for (const Tag& tag : point.tags) {
        if (!is_plain_key(tag.key))
            all_are_plain = false;
        else if (!tag.value.empty() && !is_in(without, tag.key))
            append_label(out, tag.key, tag.value, buffer);
    }
    if (all_are_plain)
        return;
    // After the others: a changed key must not take the name of one that fits.
    for (const Tag& tag : point.tags)
        if (!is_plain_key(tag.key) && !tag.value.empty())
            append_label(out, free_name(tag.key, out), tag.value, buffer);
}

} // namespace lxcmon::encode
