// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "deliver/verdict.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>

namespace lxcmon::deliver {

/// The lines of `sent` that the verdict of a partial write names as refused, by number or by text; in order,
/// each once. Names that match no sent line are ignored. If the verdict names a field in conflict: the lines
/// with this field and type, unless they are more than `dropped`, the number of refused lines: then some of
/// them are stored. Pure.
[[nodiscard]] std::string refused_lines(std::string_view sent, const Verdict& verdict, std::size_t dropped);

/// The lines of `sent` that are not in `lines`, which has some lines of it in the same order. Pure.
[[nodiscard]] std::string without_lines(std::string_view sent, std::string_view lines);

/// The series of which a server has refused lines: it will most likely refuse their next lines, too. Limited:
/// if there are too many, the old ones are forgotten.
///
/// InfluxDB 1.6.7 refuses all new series of a request if it has room for a part of them only. So the answer
/// that it refuses all lines counts if it has also refused one line alone, for the same reason: for any
/// series since the search began, for those that are in here for `alone_for`. Then one is tried alone again.
class RefusedSeries {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;
    static constexpr std::size_t most_series = 10'000;

    explicit RefusedSeries(std::chrono::milliseconds alone_for = std::chrono::minutes(1))
        : alone_for_(alone_for) {}

    /// True if a partial write refuses all lines of `sent`, and would each of them alone. Adds their series
    /// then. `lines`: their number. `begun`: when the search for the refused lines began.
    bool add_if_all(std::string_view sent, std::size_t lines, const Verdict& verdict, TimePoint begun);
    void add(std::string_view lines);
    /// Forgets the series of these lines, which the server has taken.
    void remove(std::string_view lines);
    /// The lines of `sent` of these series, in order. Of other series only if hashes collide.
    [[nodiscard]] std::string lines_in(std::string_view sent) const;

  private:
    [[nodiscard]] bool has_all(std::string_view lines) const;

    std::unordered_set<std::size_t> hashes_;
    std::chrono::milliseconds alone_for_;
    std::string alone_reason_; ///< of the last line that was refused alone
    TimePoint alone_at_;
};

/// The lines of `sent` that the verdict of a partial write names, else those of series in `known`; empty if
/// these are all of its lines, or none. Pure.
[[nodiscard]] std::string suspected_lines(std::string_view sent, const Verdict& verdict,
                                          const RefusedSeries& known);

} // namespace lxcmon::deliver
