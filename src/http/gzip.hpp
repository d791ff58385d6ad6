// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace lxcmon::http {

/// Compresses to gzip (RFC 1952). Keeps zlib's state (256 KiB) between calls. Not thread-safe.
class Gzip {
  public:
    /// Level 1 already shrinks line protocol to about a tenth; level 6 costs several times the CPU for a few
    /// percent more. Throws std::runtime_error, std::bad_alloc.
    explicit Gzip(int level = 1);
    ~Gzip();
    Gzip(const Gzip&) = delete;
    Gzip& operator=(const Gzip&) = delete;
    Gzip(Gzip&&) noexcept;
    Gzip& operator=(Gzip&&) noexcept;

    /// Overwrites `out` and reuses its storage. `text` must be below 2 GiB. Throws std::runtime_error,
    /// std::bad_alloc.
    void compress(std::string_view text, std::string& out);

  private:
    struct Stream;
    std::unique_ptr<Stream> stream_;
};

} // namespace lxcmon::http
