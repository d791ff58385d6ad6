#pragma once

#include "deliver/target.hpp"
#include "encode/batcher.hpp"
#include "push/config.hpp"
#include "push/sink_factory.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace lxcmon::push {

/// How long after a tick this host sends: the same for a host name at each start, spread evenly over
/// --send-jitter by the names of a fleet, and a quarter of the interval at most.
[[nodiscard]] std::chrono::milliseconds send_offset(const Config& config);

/// The queue's settings with the times that follow from the interval and the host.
[[nodiscard]] deliver::QueueSettings queue_settings(const Config& config);

/// All places that the points go to: one, but with --influx-mode all. Each gets every batch.
class TargetGroup {
  public:
    /// Connects to nothing yet. Throws BadSetting.
    explicit TargetGroup(const Config& config);

    /// Throws deliver::SpoolHeld where another agent has a spool; then it may be tried again.
    void start();
    /// Each takes a copy.
    void push(const Batch& batch);

    /// All at the same time; the most lines that one has lost. For good.
    [[nodiscard]] deliver::Target::Stopped stop(std::chrono::milliseconds grace);
    /// A spool's disk does not answer.
    [[nodiscard]] bool hangs() const;

    /// Without start(): see Target::deliver_now(). Logs what is left. True where nothing is.
    [[nodiscard]] bool deliver_now(std::chrono::milliseconds limit, unsigned tries);

    /// The sums; last_status is that of the first target which is not well, else of the first.
    [[nodiscard]] deliver::Target::Status status() const;
    /// A line for each target that is not well.
    [[nodiscard]] std::vector<std::string> troubles() const;

    /// Those that it was made of.
    [[nodiscard]] const DestinationSettings& settings() const noexcept { return settings_; }

    [[nodiscard]] encode::Format format() const noexcept { return format_; }
    [[nodiscard]] std::string name() const;

  private:
    void warn_of_other_spools() const;
    void note_owner() const;

    std::vector<std::unique_ptr<deliver::Target>> targets_;
    DestinationSettings settings_;
    std::set<std::string> spools_; ///< the folders in use
    std::string owner_; ///< the URL whose points settings_.spool.folder itself has; empty without a spool
    encode::Format format_ = encode::Format::line_protocol;
};

} // namespace lxcmon::push
