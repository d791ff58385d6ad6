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

/// Reads a closed segment, plain or gzipped, as line protocol. Lines that are damaged are passed over and
/// copied into `NAME.bad`. Any content is safe. One thread.
class Reader {
  public:
    /// Takes a copy of what it needs of `segment`, and owns `fd`.
    Reader(const Folder& folder, const Segment& segment, io::UniqueFd fd);

    /// Puts the next good line, LF included, into `line`. False at the end.
    [[nodiscard]] bool next(std::string& line);

    /// Bad lines since the last call.
    [[nodiscard]] std::uint64_t take_bad_count() noexcept;

    /// What is to become of the file, now or when it was read in part.
    [[nodiscard]] Segment::Fate fate() const noexcept;
    /// Says in the log, in one line, what was damaged; nothing where nothing was.
    void log_damage() const;

    [[nodiscard]] const std::string& name() const noexcept { return segment_.name; }
    [[nodiscard]] std::string bad_name() const { return segment_.name + ".bad"; }

  private:
    [[nodiscard]] bool convert(const Line& found, std::string& line);
    void keep_bad(const Line& found);

    const Folder& folder_;
    Segment segment_;
    LineReader lines_;
    std::size_t range_hint_ = 0;
    PointBuffer points_;
    std::string wrong_; ///< with the first bad line
    std::uint64_t bad_count_ = 0, counted_ = 0;
    bool in_long_line_ = false;
    io::UniqueFd bad_;
    std::uint64_t bad_bytes_ = 0;
    bool all_kept_ = true;
};

} // namespace lxcmon::spool
