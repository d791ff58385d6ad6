// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"
#include "model/point.hpp"
#include "spool/folder.hpp"
#include "spool/line_reader.hpp"
#include "spool/segment.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace lxcmon::spool {

/// Reads a closed segment, plain or gzipped, as line protocol. Skips damaged lines and copies them to
/// `NAME.bad`. Content may be untrusted: reading ends after most_segment_bytes, or most_bad_lines. One
/// thread.
class Reader {
  public:
    static constexpr std::uint64_t most_bad_lines = 10'000;

    /// Copies `segment`, and takes ownership of `fd`. `folder` must outlive this object.
    Reader(const Folder& folder, const Segment& segment, io::UniqueFd fd);

    /// Sets `line` to the next good line, with its LF. Returns false at the end, and if the position() has
    /// reached `pause_at`.
    [[nodiscard]] bool next(std::string& line, std::uint64_t pause_at);
    /// Bytes read so far, uncompressed.
    [[nodiscard]] std::uint64_t position() const noexcept { return position_; }
    [[nodiscard]] bool is_at_end() const noexcept { return is_at_end_; }

    /// Number of bad lines since the last call.
    [[nodiscard]] std::uint64_t take_bad_count() noexcept;

    /// What to do with the file, whether it was read to its end or in part.
    [[nodiscard]] Segment::Fate fate() const noexcept;
    /// Logs the damage in one line; nothing without damage.
    void log_damage() const;

    [[nodiscard]] const std::string& name() const noexcept { return segment_.name; }
    [[nodiscard]] std::string bad_name() const { return spool::bad_name(segment_.name); }

  private:
    [[nodiscard]] std::optional<Line> next_line();
    [[nodiscard]] bool convert(const Line& found, std::string& line);
    void keep_bad(const Line& found);

    const Folder& folder_;
    Segment segment_;
    LineReader lines_;
    std::uint64_t position_ = 0;
    bool is_at_end_ = false;
    std::string error_; ///< why the file was not read to its end
    std::size_t range_hint_ = 0;
    PointBuffer points_;
    std::string wrong_; ///< what is wrong with the first bad line
    std::uint64_t bad_count_ = 0, counted_ = 0;
    bool in_long_line_ = false;
    io::UniqueFd bad_;
    std::uint64_t bad_bytes_ = 0;
    bool all_kept_ = true;
};

} // namespace lxcmon::spool
