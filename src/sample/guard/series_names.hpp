// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace lxcmon::sample {

/// Whether points of a name may be sent in this scan.
enum class Admission : std::uint8_t {
    admitted,
    same_name, ///< an earlier name of this scan is equal: its points would be overwritten
    too_many,
};

/// Limits the number of different names (interfaces, mount points, commands) of one container, over all of
/// its starts. A tenant can create new names at each tick, and each name adds a permanent series to the
/// database's index. Names are clean names (text::clean_name()), as these make the series. Times are of one
/// clock that never falls.
class SeriesNames {
  public:
    static constexpr std::size_t usual_most = 512;
    /// A name that is unused for this time, and in the scan before, gives its place to a new one.
    static constexpr std::int64_t unused_after_ns = 3'600'000'000'000;
    static constexpr std::int64_t day_ns = 24 * unused_after_ns;

    /// At most `most` names have a place at a time. After the first `most` names, new names are admitted at
    /// the rate of `most` in a day: at most twice `most` in any 24 hours.
    explicit SeriesNames(std::size_t most = usual_most) noexcept
        : most_(most)
        , cost_ns_(most == 0 ? 0 : day_ns / static_cast<std::int64_t>(most)) {}

    /// Begins a scan, in which each name is admitted once.
    void begin_scan(std::int64_t now_ns) noexcept;
    /// Allocates only for a new name.
    [[nodiscard]] Admission admit(std::string_view name);

    /// True if the name has a place.
    [[nodiscard]] bool holds(std::string_view name) const noexcept { return names_.contains(name); }
    /// True if there are no names, and the limit of the day is not reduced.
    [[nodiscard]] bool is_new() const noexcept { return names_.empty() && credit_ns_ == day_ns; }
    /// Takes all places back, to save memory. The limit for the day stays.
    void forget_names() noexcept { names_.clear(); }
    [[nodiscard]] std::size_t most() const noexcept { return most_; }
    [[nodiscard]] std::size_t size() const noexcept { return names_.size(); }
    /// Bytes of all names.
    [[nodiscard]] std::size_t text_bytes() const noexcept;

    /// True once when admit() begins to answer too_many; again after it has not for an hour.
    [[nodiscard]] bool newly_too_many() noexcept { return too_many_.take(); }
    /// The same for same_name.
    [[nodiscard]] bool newly_same_name() noexcept { return same_name_.take(); }

  private:
    /// A state that is logged when it begins.
    struct Notice {
        std::optional<std::int64_t> last_ns{};
        bool is_due = false;
        void note(std::int64_t now_ns) noexcept;
        bool take() noexcept;
    };
    struct Use {
        std::int64_t used_ns;
        std::uint64_t scan;
    };
    [[nodiscard]] bool is_unused(const Use& use) const noexcept {
        // Scans can be more than an hour apart; the names of this scan are not all known yet.
        return now_ns_ - use.used_ns >= unused_after_ns && use.scan + 1 < scan_;
    }
    [[nodiscard]] bool has_place();

    std::size_t most_;
    std::int64_t cost_ns_;            ///< of a new name, paid from `credit_ns_`
    std::int64_t credit_ns_ = day_ns; ///< grows with time, up to a day
    std::int64_t now_ns_ = 0;
    std::int64_t next_search_ns_ = 0; ///< for unused names
    std::uint64_t scan_ = 0;
    std::map<std::string, Use, std::less<>> names_;
    Notice too_many_, same_name_;
};

} // namespace lxcmon::sample
