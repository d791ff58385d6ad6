#pragma once

#include "model/selection.hpp"

#include <string>

/// The field table in words: what `fields` prints and what stands in README.md.
namespace lxcmon::push {

/// Where a field comes from: "memory.stat anon; v1: memory.stat total_rss".
[[nodiscard]] std::string source_of(const FieldInfo& field);

/// For people; `sent` marks the fields that these settings send.
[[nodiscard]] std::string fields_as_table(const Selection& sent);
/// An array of objects: measurement, tags, field, type, unit, source, sent.
[[nodiscard]] std::string fields_as_json(const Selection& sent);
/// The table of README.md.
[[nodiscard]] std::string fields_as_markdown();

} // namespace lxcmon::push
