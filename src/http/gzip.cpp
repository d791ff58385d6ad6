// SPDX-License-Identifier: GPL-2.0-or-later
#include "http/gzip.hpp"

#include <zlib.h>

#include <limits>
#include <new>
#include <stdexcept>

namespace lxcmon::http {

struct Gzip::Stream {
    explicit Stream(int level) {
        constexpr int gzip_window_bits = MAX_WBITS + 16; // + 16: a gzip header, not a zlib one
        const int result =
            deflateInit2(&state, level, Z_DEFLATED, gzip_window_bits, MAX_MEM_LEVEL - 1, Z_DEFAULT_STRATEGY);
        if (result == Z_MEM_ERROR)
            throw std::bad_alloc();
        if (result != Z_OK)
            throw std::runtime_error("zlib failed to initialize: wrong version or level");
    }
    ~Stream() { deflateEnd(&state); }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    Stream(Stream&&) = delete;
    Stream& operator=(Stream&&) = delete;

    z_stream state{};
};

Gzip::Gzip(int level)
    : stream_(std::make_unique<Stream>(level)) {}
Gzip::~Gzip() = default;
Gzip::Gzip(Gzip&&) noexcept = default;
Gzip& Gzip::operator=(Gzip&&) noexcept = default;

void Gzip::compress(std::string_view text, std::string& out) {
    if (text.size() > std::numeric_limits<uInt>::max() / 2)
        throw std::runtime_error("gzip: the input is too large");
    z_stream& state = stream_->state;
    deflateReset(&state);
    // Usually enough: line protocol shrinks to a tenth. The loop enlarges it if not.
    out.resize(text.size() / 8 + 1024);
    // zlib's interface lacks const; it does not write to its input.
    state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    state.avail_in = static_cast<uInt>(text.size());
    for (std::size_t have = 0;; have = out.size(), out.resize(2 * have)) {
        state.next_out = reinterpret_cast<Bytef*>(out.data() + have);
        state.avail_out = static_cast<uInt>(out.size() - have);
        const int result = deflate(&state, Z_FINISH);
        if (result == Z_STREAM_END)
            break;
        if (result != Z_OK && result != Z_BUF_ERROR)
            throw std::runtime_error("gzip: zlib did not finish");
    }
    out.resize(out.size() - state.avail_out);
}

} // namespace lxcmon::http
