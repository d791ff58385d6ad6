// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "encode/metric_family.hpp"
#include "model/point.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace lxcmon::encode {

enum class MetricsForm : std::uint8_t {
    text,       ///< Prometheus text format 0.0.4, also for node_exporter's textfile collector
    openmetrics ///< OpenMetrics 1.0
};

/// The values of the last round (a tick) as text for Prometheus (docs/prometheus.md). It has no times.
/// Values that the sampler does not send at each tick stay for `held_rounds`: counters, peaks and
/// filesystems, if their point or container is still there. Everything else that a round does not bring is
/// gone. Not thread-safe.
class OpenMetrics {
  public:
    explicit OpenMetrics(std::uint64_t held_rounds);

    /// Starts a round.
    void begin();
    /// Adds a point of the round. Measurements and fields that are not in field_table are left out, and the
    /// second of two points whose labels are equal: Prometheus would refuse the whole text.
    void add(const Point& point);
    /// Ends a round: forgets what is gone.
    void end();
    /// Appends the text of the last round: families sorted by name, samples by label.
    void append(std::string& out, MetricsForm form) const;

  private:
    struct Sample {
        std::uint64_t round = 0; ///< the last one that had it; 0: none
        std::string text;        ///< a number, or the escaped text of a string
    };
    /// The samples of one measurement with the same labels.
    struct Series {
        std::uint64_t round = 0;
        std::string container;       ///< lxc_fs: the labels of its container
        std::vector<Sample> samples; ///< in the order of the fields
    };
    struct Measurement {
        std::string_view name;
        std::string_view own_tags;
        FieldId first = 0;
        bool is_held = false; ///< filesystems: not sent at each tick
        std::map<std::string, Series, std::less<>> series;
    };
    struct Row {
        MetricFamily family;
        std::size_t measurement = 0, field = 0; ///< indexes
        bool is_held = false;
    };

    [[nodiscard]] Measurement* find(std::string_view name);
    void note_running(const Measurement& measurement, const Point& point);
    [[nodiscard]] bool is_gone(const Measurement& measurement, const Series& series) const;
    [[nodiscard]] bool is_present(const Row& row, const Series& series) const;
    void append_head(std::string& out, const MetricFamily& family, MetricsForm form) const;

    std::uint64_t held_rounds_;
    std::uint64_t round_ = 0;
    std::vector<Measurement> measurements_;
    std::vector<Row> rows_;                     ///< sorted by name
    std::vector<const MetricFamily*> by_field_; ///< in the order of field_table; nullptr: of no measurement
    std::unordered_set<std::string> running_;   ///< the labels of the containers with values in this round
    bool knows_running_ = false;                ///< --metrics leaves at least one measurement that tells
    std::string labels_;
};

} // namespace lxcmon::encode
