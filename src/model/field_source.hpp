// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/field_info.hpp"

#include <string>

namespace lxcmon {

/// The source of a field, for documents: "memory.stat anon; v1: memory.stat total_rss".
[[nodiscard]] std::string source_of(const FieldInfo& field);

} // namespace lxcmon
