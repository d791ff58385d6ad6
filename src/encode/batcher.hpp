#pragma once

#include "model/batch.hpp"
#include "model/point.hpp"

#include <optional>

namespace lxcmon::encode {

enum class Format { line_protocol, json_lines };

/// Encodes points into batches of at most so many lines and bytes.
class Batcher {
  public:
    /// 5 MB before gzip: servers limit what one request may have (PROTOCOL.md).
    static constexpr std::size_t max_body_bytes = 5'000'000;

    Batcher(Format format, std::size_t max_lines) noexcept
        : format_(format)
        , max_lines_(max_lines) {}

    /// Adds a point. Returns a batch when this point would not fit in it any more or fills it.
    [[nodiscard]] std::optional<Batch> add(const Point& point);
    /// What is left; nothing where no line is.
    [[nodiscard]] std::optional<Batch> finish();

  private:
    Format format_;
    std::size_t max_lines_;
    Batch open_;
    std::size_t usual_bytes_ = 0; ///< of the batch before
};

} // namespace lxcmon::encode
