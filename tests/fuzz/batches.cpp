// SPDX-License-Identifier: GPL-2.0-or-later
// Points to batches, a batch to gzip and back, and the lines of a batch that a server names as refused.
#include "fuzz/gzip.hpp"
#include "fuzz/support.hpp"

#include "deliver/refused_lines.hpp"
#include "encode/batcher.hpp"
#include "encode/json_lines.hpp"
#include "encode/line_protocol.hpp"
#include "http/gzip.hpp"
#include "io/parse.hpp"

#include <zlib.h>

#include <algorithm>

using namespace lxcmon;
using fuzz::require;

namespace {

std::string unpacked(std::string_view packed, std::size_t size) {
    z_stream stream{};
    constexpr int gzip_window = 15 + 16;
    require(::inflateInit2(&stream, gzip_window) == Z_OK, "zlib");
    std::string in(packed);
    std::string out(size + 1, '\0');
    fuzz::set_buffers(stream, in, out);
    require(::inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_in == 0, "one whole gzip member");
    out.resize(out.size() - stream.avail_out);
    ::inflateEnd(&stream);
    return out;
}

void check_gzip(std::string_view text) {
    static http::Gzip gzip;
    static std::string packed;
    gzip.compress(text, packed);
    require(unpacked(packed, text.size()) == text, "gzip loses nothing");
}

std::size_t lines_in(std::string_view text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

void check_batches(FuzzedDataProvider& data, encode::Format format) {
    const std::size_t most_lines = data.ConsumeIntegralInRange<std::size_t>(1, 4);
    encode::Batcher batcher(format, most_lines);
    std::string got;
    std::string wanted;
    const auto take = [&](const Batch* batch) {
        if (batch == nullptr)
            return;
        require(batch->lines > 0 && batch->lines <= most_lines && lines_in(batch->body) == batch->lines,
                "a batch has as many lines as it says", batch->body);
        got += batch->body;
    };
    PointBuffer points;
    for (int left = data.ConsumeIntegralInRange(0, 12); left > 0; --left) {
        points.clear();
        fuzz::add_point(data, points);
        if (points.empty())
            continue;
        if (format == encode::Format::json_lines)
            encode::append_json_line(wanted, points[0]);
        else
            static_cast<void>(encode::append_line_protocol(wanted, points[0]));
        take(batcher.add(points[0]));
    }
    take(batcher.finish());
    require(batcher.finish() == nullptr, "all batches were returned");
    require(got == wanted, "the batches have the lines of all points", got);
    check_gzip(got);
}

void check_refused(FuzzedDataProvider& data) {
    deliver::Verdict verdict;
    std::size_t number = 0;
    for (int left = data.ConsumeIntegralInRange(0, 5); left > 0; --left)
        verdict.refused_lines.push_back(number += data.ConsumeIntegralInRange<std::size_t>(1, 3));
    for (int left = data.ConsumeIntegralInRange(0, 3); left > 0; --left)
        verdict.refused_texts.push_back(data.ConsumeRandomLengthString(30));
    const std::string sent = data.ConsumeRemainingBytesAsString();
    std::string wanted;
    std::size_t at = 1;
    for (std::string_view rest = sent; !rest.empty(); ++at) {
        const std::string line(io::take_until(rest, '\n'));
        const auto& [numbers, texts] = std::tie(verdict.refused_lines, verdict.refused_texts);
        if (std::find(numbers.begin(), numbers.end(), at) != numbers.end() ||
            std::find(texts.begin(), texts.end(), line) != texts.end())
            wanted += line + '\n';
    }
    require(deliver::refused_lines(sent, verdict, at) == wanted, "the named lines, in order", sent);
    const bool has_torn_line = !sent.empty() && sent.back() != '\n';
    require(deliver::without_lines(sent, wanted).size() + wanted.size() ==
                sent.size() + (has_torn_line ? 1 : 0),
            "all other lines, each once", sent);
    // The lines in conflict are a matter of the reader; only so many of them may be given.
    verdict = {};
    verdict.type_conflict = deliver::TypeConflict{"m", "f", "float"};
    const std::string lines = deliver::refused_lines(sent, verdict, 2);
    require(std::count(lines.begin(), lines.end(), '\n') <= 2, "no more than the dropped lines", sent);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    for (const auto format : {encode::Format::line_protocol, encode::Format::json_lines}) {
        FuzzedDataProvider provider(data, size);
        check_batches(provider, format);
    }
    FuzzedDataProvider provider(data, size);
    check_refused(provider);
    check_gzip(fuzz::text_of(data, size));
    return 0;
}
