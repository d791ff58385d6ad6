// SPDX-License-Identifier: GPL-2.0-or-later
#include "http/gzip.hpp"

#include <doctest/doctest.h>
#include <zlib.h>

#include <string>

using namespace lxcmon::http;

namespace {

std::string unzipped(const std::string& packed, std::size_t size) {
    z_stream state{};
    REQUIRE(inflateInit2(&state, MAX_WBITS + 16) == Z_OK);
    std::string out(size + 1, '\0');
    std::string in = packed;
    state.next_in = reinterpret_cast<Bytef*>(in.data());
    state.avail_in = static_cast<uInt>(in.size());
    state.next_out = reinterpret_cast<Bytef*>(out.data());
    state.avail_out = static_cast<uInt>(out.size());
    CHECK(inflate(&state, Z_FINISH) == Z_STREAM_END);
    out.resize(state.total_out);
    inflateEnd(&state);
    return out;
}

} // namespace

TEST_CASE("gzip compresses and replaces the old output") {
    Gzip gzip;
    std::string packed = "old content";
    for (const std::string& text : {std::string(), std::string("a=1\n"), std::string(300'000, 'x')}) {
        gzip.compress(text, packed);
        CHECK(unzipped(packed, text.size()) == text);
    }
    CHECK(packed.size() < 3000);
}
