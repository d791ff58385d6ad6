#pragma once

#include "model/batch.hpp"
#include "model/point.hpp"

#include <cstddef>
#include <string>

namespace lxcmon::encode {

enum class Format { line_protocol, json_lines };

/// Encodes points into batches of at most so many lines and bytes. A batch stays here, valid until the next
/// call, and its room is used again: nothing is allocated where none is larger than those before.
class Batcher {
  public:
    /// 5 MB before gzip: servers limit what one request may have (PROTOCOL.md).
    static constexpr std::size_t max_body_bytes = 5'000'000;

    Batcher(Format format, std::size_t max_lines) noexcept
        : format_(format)
        , max_lines_(max_lines) {}

    /// Adds a point. Returns a batch when this point would not fit in it any more or fills it, else nullptr.
    [[nodiscard]] const Batch* add(const Point& point);
    /// What is left; nullptr where no line is.
    [[nodiscard]] const Batch* finish();

  private:
    [[nodiscard]] const Batch* give();
    void begin_next();

    Format format_;
    std::size_t max_lines_;
    Batch batch_;
    bool given_ = false;    ///< it is complete, and has been returned
    std::string next_line_; ///< that had no room in it
};

} // namespace lxcmon::encode
