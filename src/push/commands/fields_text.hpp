// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/selection.hpp"

#include <string>

/// The field table as text, for the command `fields` and for docs/measurements.md.
namespace lxcmon::push {

/// An aligned table; the column SENT is "yes" for the fields in `sent`.
[[nodiscard]] std::string fields_as_table(const Selection& sent);
/// An array of objects: measurement, tags, field, type, unit, metric (of Prometheus), source, sent.
[[nodiscard]] std::string fields_as_json(const Selection& sent);
/// The table of docs/measurements.md.
[[nodiscard]] std::string fields_as_markdown();

} // namespace lxcmon::push
