// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/point.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Points as CSV (RFC 4180): records end in CR LF, a text with a comma, a quote or a line end is quoted. The
/// first record has the names of the columns: time, tags, fields. A cell without a value is empty; an empty
/// text is "". Pure.
namespace lxcmon::encode {

/// The columns of one measurement, after the first one, time.
struct CsvColumns {
    std::vector<std::string> tags, fields;

    friend bool operator==(const CsvColumns&, const CsvColumns&) = default;
};

/// The tags of the measurement and its selected fields, in the order of the field table, whether or not a
/// point has them. None for an unknown measurement.
[[nodiscard]] CsvColumns csv_columns(std::string_view measurement, const Selection& sent);

/// Adds what the point has and the columns lack (tags of the user, for example). True if there was any.
bool add_csv_columns(const Point& point, CsvColumns& columns);

[[nodiscard]] std::string csv_header(const CsvColumns& columns);

/// If a file with this header, a whole record, can take the rows of `columns`, makes `columns` those of the
/// file: these have the same fields, and the same tags or more. False otherwise.
[[nodiscard]] bool adopt_csv_header(std::string_view header, CsvColumns& columns);

/// Appends a row: the time in UTC, as 2026-11-28T20:30:00.000Z, then the values of the columns.
void append_csv_row(std::string& out, const Point& point, const CsvColumns& columns);

/// Finds the ends of records in a text that is given in pieces: a line end in quotes ends none.
class CsvRecordEnds {
  public:
    void add(std::string_view piece) noexcept;
    [[nodiscard]] std::uint64_t first() const noexcept { return first_; } ///< end of the first record, or 0
    [[nodiscard]] std::uint64_t last() const noexcept { return last_; }   ///< end of the last whole one, or 0

  private:
    std::uint64_t at_ = 0, first_ = 0, last_ = 0;
    bool is_quoted_ = false;
};

} // namespace lxcmon::encode
