// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/field_table.hpp"
#include "model/point.hpp"

#include <string>
#include <string_view>

namespace lxcmon::encode {

enum class MetricType : std::uint8_t { gauge, counter, info, state_set };

/// A field of the field table as a metric family of OpenMetrics 1.0: lxc_cpu's usage_usec is the counter
/// lxc_cpu_usage_seconds.
struct MetricFamily {
    std::string name; ///< without the suffix of its samples
    MetricType type{};
    std::string_view unit; ///< the end of the name: "seconds", "bytes", "ratio"; else empty
    std::string_view key;  ///< the field's name: the label of an info
    std::string help;      ///< without characters that need an escape
    double divisor = 1;    ///< a number of the field divided by it is in the base unit

    /// The name of its samples: with _total or _info.
    [[nodiscard]] std::string sample_name() const;
};

/// The family of a field. Names are unique in field_table.
[[nodiscard]] MetricFamily family_of(const FieldInfo& field);

/// Appends a number or boolean in the family's unit, in the shortest form. A string is appended with the
/// escapes of a label value.
void append_metric_value(std::string& out, const MetricFamily& family, const FieldValue& value);

/// Appends a label's value with its escapes. Control characters become `_`, as in a tag of line protocol.
void append_label_value(std::string& out, std::string_view value);

} // namespace lxcmon::encode
