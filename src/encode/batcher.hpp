// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/batch.hpp"
#include "model/point.hpp"

#include <cstddef>
#include <string>

namespace lxcmon::encode {

enum class Format { line_protocol, json_lines };

/// Encodes points into batches of at most `max_lines` lines and `max_body_bytes` bytes; a single larger line
/// is a batch of its own. The Batcher owns the batch: it is valid until the next call, and its memory is
/// reused, so that only a batch larger than all before allocates. Not thread-safe.
class Batcher {
  public:
    /// 5 MB before gzip: servers limit the size of a request (docs/protocol.md).
    static constexpr std::size_t max_body_bytes = 5'000'000;

    Batcher(Format format, std::size_t max_lines) noexcept
        : format_(format)
        , max_lines_(max_lines) {}

    /// Adds a point. Returns the batch if this point fills it or no longer fits into it, else nullptr.
    [[nodiscard]] const Batch* add(const Point& point);
    /// Returns the remaining lines as a batch; nullptr if there are none.
    [[nodiscard]] const Batch* finish();

  private:
    [[nodiscard]] const Batch* complete();
    void begin_next();

    Format format_;
    std::size_t max_lines_;
    Batch batch_;
    bool is_complete_ = false; ///< the batch has been returned
    std::string next_line_;    ///< did not fit into the batch
};

} // namespace lxcmon::encode
