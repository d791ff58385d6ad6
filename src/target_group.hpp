#pragma once

#include "config.hpp"
#include "deliver/target.hpp"
#include "encode/batcher.hpp"
#include "sink_factory.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace lxcmon {

/// All places that the points go to: one, but with --influx-mode all. Each gets every batch.
class TargetGroup {
  public:
    /// Connects to nothing yet. Throws BadSetting.
    explicit TargetGroup(const Config& config);

    /// Throws deliver::SpoolHeld where another agent has a spool.
    void start();
    void push(const Batch& batch);

    /// All at the same time. Returns the lines that are lost. For good.
    std::size_t stop(std::chrono::milliseconds grace);

    /// Without start(): see Target::deliver_now(). Logs what is left. True where nothing is.
    [[nodiscard]] bool deliver_now(std::chrono::milliseconds limit, unsigned tries);

    /// The sums; last_status is that of the first target which is not well, else of the first.
    [[nodiscard]] deliver::Target::Status status() const;
    /// A line for each target that is not well.
    [[nodiscard]] std::vector<std::string> troubles() const;

    [[nodiscard]] encode::Format format() const noexcept { return format_; }
    [[nodiscard]] std::string name() const;

  private:
    void warn_of_other_spools() const;

    std::vector<std::unique_ptr<deliver::Target>> targets_;
    std::string spool_dir_;
    std::set<std::string> spools_; ///< the folders in use
    encode::Format format_ = encode::Format::line_protocol;
};

} // namespace lxcmon
