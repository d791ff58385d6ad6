// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/field_source.hpp"

namespace lxcmon {
namespace {

std::string place(const CgroupSource& source) {
    return std::string(source.file) + (source.key.empty() ? "" : " ") + std::string(source.key);
}

} // namespace

std::string source_of(const FieldInfo& field) {
    if (!field.source.empty())
        return std::string(field.source);
    if (field.v2.is_of_host())
        return "/" + place(field.v2).substr(0, place(field.v2).find(':'));
    std::string v1 = place(field.v1);
    std::string v2 = place(field.v2);
    if (v1 == v2)
        return v2;
    if (v1.empty())
        return v2 + " (cgroup v2)";
    if (v2.empty())
        return v1 + " (cgroup v1)";
    return v2 + "; v1: " + v1;
}

} // namespace lxcmon
