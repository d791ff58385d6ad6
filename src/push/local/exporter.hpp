// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "encode/openmetrics.hpp"
#include "expose/listener.hpp"
#include "expose/metrics_file.hpp"
#include "push/config.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace lxcmon::push {

/// The points of each tick as text for Prometheus on this host (docs/prometheus.md). Main thread only.
class Exporter {
  public:
    /// nullptr: the settings want none.
    [[nodiscard]] static std::unique_ptr<Exporter> make(const Config& config);
    /// Throws std::system_error if no thread can be started.
    explicit Exporter(const Config& config);

    /// A tick begins.
    void begin() { metrics_.begin(); }
    void add(const Point& point) { metrics_.add(point); }
    /// The tick has ended: publishes its text. Does not wait for a disk or a reader.
    void end();

    /// New settings in place of `before`, with at least one way to publish. A listener, a file and values
    /// that do not change go on: somebody else could take a port that is free for a moment. `limit`: for the
    /// last text of a file that ends.
    void change(const Config& before, const Config& next, std::chrono::milliseconds limit);

    /// Ends it. `is_last`: nothing follows, so the file is removed, as old values would look like new ones.
    /// False if the last text is not written in time.
    bool finish(bool is_last, std::chrono::milliseconds limit);

  private:
    /// What `config` wants and is not there yet.
    void open(const Config& config);
    [[nodiscard]] std::string text(encode::MetricsForm form);

    encode::OpenMetrics metrics_;
    std::size_t text_bytes_ = 0; ///< of the last text
    std::optional<expose::MetricsFile> file_;
    std::optional<expose::Listener> listener_;
};

} // namespace lxcmon::push
