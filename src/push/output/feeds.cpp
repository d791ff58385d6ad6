// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/output/feeds.hpp"

#include "encode/lxd2influx.hpp"

namespace lxcmon::push {

Feeds::Feeds(const Config& config, const TargetGroup& targets)
    : snapshots_(Snapshots::make(config))
    , sends_lxd2influx_(config.destinations.sends_lxd2influx) {
    const std::size_t lines = config.destinations.batch_lines;
    if (targets.has(Feed::line_protocol))
        points_.push_back({Feed::line_protocol, encode::Batcher(encode::Format::line_protocol, lines)});
    if (targets.has(Feed::json_lines))
        points_.push_back({Feed::json_lines, encode::Batcher(encode::Format::json_lines, lines)});
}

void Feeds::begin_tick() {
    if (snapshots_)
        snapshots_->begin();
}

void Feeds::add(const Point& point, TargetGroup& targets) {
    if (snapshots_)
        snapshots_->add(point);
    encode(point, targets);
    if (!sends_lxd2influx_ || points_.empty()) // snapshots have none of it
        return;
    encode::translate_for_lxd2influx(point, old_point_);
    if (!old_point_.empty())
        encode(old_point_[0], targets);
}

void Feeds::encode(const Point& point, TargetGroup& targets) {
    for (Points& each : points_)
        if (const Batch* full = each.batcher.add(point))
            targets.push(*full, each.feed);
}

void Feeds::end_tick(const ProcessCosts& costs) {
    if (snapshots_)
        snapshots_->end(costs);
}

void Feeds::flush(TargetGroup& targets) {
    for (Points& each : points_)
        if (const Batch* rest = each.batcher.finish())
            targets.push(*rest, each.feed);
    if (const Batch* rest = snapshots_ ? snapshots_->take() : nullptr)
        targets.push(*rest, Feed::snapshots);
}

} // namespace lxcmon::push
