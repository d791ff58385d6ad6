#pragma once

#include "model/container.hpp"
#include "model/point.hpp"
#include "sample/filesystem/pass.hpp"
#include "sample/helper/client.hpp"
#include "sample/settings.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace lxcmon::sample {

/// Takes the points that have come together out of the buffer, by clear() at the end.
using TakePoints = std::function<void(PointBuffer& points)>;

class HostSampler;
struct CountPass;

/// Turns containers, and the host, into points. Sampling thread only.
class Sampler {
  public:
    /// Reads where the cgroups are and starts the helper process, so make it before any other thread.
    /// Throws std::system_error where /proc/self/mountinfo can't be read or no process can be started,
    /// std::runtime_error where no cgroup hierarchy is mounted.
    explicit Sampler(SampleSettings settings);
    ~Sampler();
    Sampler(const Sampler&) = delete;
    Sampler& operator=(const Sampler&) = delete;

    /// Adds the points of the host and of all containers, with the time `tick_ns`. The points view into
    /// `containers` and into this: use them before either changes. One container's trouble is logged when it
    /// begins and costs no other its sample. Returns how many containers had some. With `take` about a
    /// hundred points come together before that is called: they are still in the CPU's cache then. What comes
    /// last is left to the caller.
    std::size_t sample(const std::vector<const Container*>& containers, std::int64_t tick_ns,
                       PointBuffer& points, const TakePoints& take = {});

    /// A sample that is made only so that the next one, soon after, has rates: without what the helper is
    /// asked for (filesystems, number of processes), as that may be slow, and is not asked again soon then.
    void sample_for_rates(const std::vector<const Container*>& containers, std::int64_t tick_ns,
                          PointBuffer& points);

    /// The helper processes', which may change from one sample to the next; -1: does not run.
    [[nodiscard]] std::array<pid_t, 2> helper_pids() const noexcept;

    [[nodiscard]] const Selection& selection() const noexcept { return settings_.selection; }

    /// "v1", "v2" or "hybrid".
    [[nodiscard]] std::string_view cgroup_version() const noexcept;

  private:
    struct Entry;
    void begin_round(const std::vector<const Container*>& containers, std::int64_t tick_ns,
                     PointBuffer& points);
    void sample_host(std::int64_t tick_ns, PointBuffer& points);
    void add_stopped(const Container& container, Entry& entry, std::int64_t tick_ns, PointBuffer& points);
    Entry& entry_of(const Container& container);
    void add_running(const Container& container, Entry& entry);
    void put_in_order();
    void sample_running(std::int64_t tick_ns, CountPass& round, PointBuffer& points, const TakePoints& take);
    void scan_filesystems(std::int64_t tick_ns, PointBuffer& points);

    SampleSettings settings_;
    std::unique_ptr<struct SampleContext> context_;
    std::unique_ptr<HostSampler> host_;
    NamespaceHelper helper_;
    std::map<std::uint64_t, std::unique_ptr<Entry>> entries_; ///< by Container::id
    std::vector<Entry*> running_;
    FilesystemPass filesystem_round_;
    std::optional<ContainerFilesystems> host_filesystems_; ///< none where nobody wants host_fs
    bool owes_risky_scan_ = false; ///< at filesystems that may hang: left out after another hang in the tick
    std::uint64_t round_ = 0;
};

} // namespace lxcmon::sample
