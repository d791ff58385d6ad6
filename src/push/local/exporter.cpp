// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/local/exporter.hpp"

#include "push/local/held_ticks.hpp"

#include <string>
#include <utility>

namespace lxcmon::push {
namespace {

/// Intervals; a text that is older is no answer.
constexpr int longest_silence = 3;

} // namespace

std::unique_ptr<Exporter> Exporter::make(const Config& config) {
    return config.has_metrics_text() ? std::make_unique<Exporter>(config) : nullptr;
}

Exporter::Exporter(const Config& config)
    : metrics_(held_ticks(config.collect)) {
    open(config);
}

void Exporter::open(const Config& config) {
    if (config.has_metrics_file() && !file_)
        file_.emplace(config.prometheus.file);
    const auto max_age = longest_silence * config.collect.interval;
    if (config.has_listener() && !listener_)
        listener_.emplace(config.prometheus.listen, max_age);
    else if (listener_)
        listener_->set_max_age(max_age);
}

void Exporter::change(const Config& before, const Config& next, std::chrono::milliseconds limit) {
    if (next.collect != before.collect) // other labels, other fields; a new sampler sends all values soon
        metrics_ = encode::OpenMetrics(held_ticks(next.collect));
    if (!next.has_metrics_file() || next.prometheus.file != before.prometheus.file) {
        finish(true, limit);
        file_.reset();
    }
    if (!next.has_listener() || next.prometheus.listen != before.prometheus.listen)
        listener_.reset();
    open(next);
}

std::string Exporter::text(encode::MetricsForm form) {
    std::string text;
    text.reserve(text_bytes_ + text_bytes_ / 8);
    metrics_.append(text, form);
    text_bytes_ = text.size();
    return text;
}

void Exporter::end() {
    metrics_.end();
    std::string plain = text(encode::MetricsForm::text);
    if (file_ && listener_)
        file_->publish(plain);
    if (listener_)
        listener_->publish(std::move(plain), text(encode::MetricsForm::openmetrics));
    else if (file_)
        file_->publish(std::move(plain));
}

bool Exporter::finish(bool is_last, std::chrono::milliseconds limit) {
    using End = expose::MetricsFile::End;
    return !file_ || file_->finish(is_last ? End::remove : End::keep, limit);
}

} // namespace lxcmon::push
