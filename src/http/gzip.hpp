#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace lxcmon::http {

/// Makes gzip members (RFC 1952). Keeps zlib's state (256 KiB) between calls. Not thread-safe.
class Gzip {
  public:
    /// Level 1: line protocol repeats itself so much that it shrinks to about a tenth with it already;
    /// level 6 takes several times the CPU for a few percent more, on a host that has better to do.
    explicit Gzip(int level = 1);
    ~Gzip();
    Gzip(const Gzip&) = delete;
    Gzip& operator=(const Gzip&) = delete;
    Gzip(Gzip&&) noexcept;
    Gzip& operator=(Gzip&&) noexcept;

    /// `out` is overwritten, its storage used again. Throws std::runtime_error, std::bad_alloc.
    void compress(std::string_view text, std::string& out);

  private:
    struct Stream;
    std::unique_ptr<Stream> stream_;
};

} // namespace lxcmon::http
