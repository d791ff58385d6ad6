// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "fuzz/support.hpp"

#include <zlib.h>

#include <algorithm>
#include <string>
#include <string_view>

/// gzip files, good and damaged, for the targets of the spool.
namespace lxcmon::fuzz {

/// From all of `in` to all of `out`, which stay where they are.
inline void set_buffers(z_stream& stream, std::string& in, std::string& out) {
    void* const in_bytes = in.data();
    void* const out_bytes = out.data();
    stream.next_in = static_cast<Bytef*>(in_bytes);
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = static_cast<Bytef*>(out_bytes);
    stream.avail_out = static_cast<uInt>(out.size());
}

/// One member, made with little memory: it must be fast.
inline std::string gzipped(std::string_view text) {
    static z_stream stream{};
    constexpr int gzip_window = 9 + 16;
    static const bool is_ready =
        ::deflateInit2(&stream, 1, Z_DEFLATED, gzip_window, 1, Z_DEFAULT_STRATEGY) == Z_OK;
    require(is_ready && ::deflateReset(&stream) == Z_OK, "zlib");
    std::string in(text);
    std::string out(::deflateBound(&stream, in.size()), '\0');
    set_buffers(stream, in, out);
    require(::deflate(&stream, Z_FINISH) == Z_STREAM_END, "zlib");
    out.resize(out.size() - stream.avail_out);
    return out;
}

enum class Damage {
    none,
    cut,     ///< at any byte
    changed, ///< one bit of a member
    garbage, ///< behind the last member
    kMaxValue = garbage
};

struct GzipFile {
    std::string bytes;
    std::size_t last_member = 0; ///< where it begins
    Damage damage = Damage::none;
};

/// The text in one member or two, as a spool has it that gzip(1) has put together.
inline GzipFile gzip_file(std::string_view text, FuzzedDataProvider& data) {
    GzipFile file;
    if (data.ConsumeIntegralInRange(0, 3) == 0) {
        const std::size_t first = data.ConsumeIntegralInRange<std::size_t>(0, text.size());
        file.bytes = gzipped(text.substr(0, first));
        text.remove_prefix(first);
    }
    file.last_member = file.bytes.size();
    file.bytes += gzipped(text);
    file.damage = data.ConsumeEnum<Damage>();
    const std::size_t place = data.ConsumeIntegralInRange<std::size_t>(0, file.bytes.size() - 1);
    if (file.damage == Damage::cut)
        file.bytes.resize(place);
    else if (file.damage == Damage::changed)
        file.bytes[place] = static_cast<char>(file.bytes[place] ^ (1 << data.ConsumeIntegralInRange(0, 7)));
    else if (file.damage == Damage::garbage)
        file.bytes += some_text(data, 50);
    return file;
}

} // namespace lxcmon::fuzz
