// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"
#include "model/point.hpp"

#include <fuzzer/FuzzedDataProvider.h>
#include <spdlog/spdlog.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// What the fuzz targets share. A target is LLVMFuzzerTestOneInput in a file of its own.
namespace lxcmon::fuzz {

inline constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

/// Ends the program, and so the run, if a property does not hold.
inline void require(bool holds, const char* property, std::string_view text = {}) {
    if (holds)
        return;
    std::fprintf(stderr, "property violated: %s: %.*s\n", property, static_cast<int>(text.size()),
                 text.data());
    std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
    const void* const start = data;
    return {size == 0 ? "" : static_cast<const char*>(start), size};
}

inline const bool log_is_off = [] {
    spdlog::set_level(spdlog::level::off);
    return true;
}();

/// Up to `most` bytes, and no more than half of the input's rest: ConsumeRandomLengthString() takes all of
/// it, and leaves nothing for the choices that follow.
inline std::string some_text(FuzzedDataProvider& data, std::size_t most) {
    const std::size_t bytes = std::min(most, data.remaining_bytes() / 2);
    return data.ConsumeBytesAsString(data.ConsumeIntegralInRange<std::size_t>(0, bytes));
}

/// For what takes milliseconds, such as a process: a tenth of the time at most. The first call runs it, so an
/// input that has failed does so again.
class TenthOfTheTime {
  public:
    template <typename Run>
    void operator()(Run&& run) {
        const auto begin = Clock::now();
        if (begin < next_)
            return;
        run();
        const auto end = Clock::now();
        next_ = end + 9 * (end - begin);
    }

  private:
    using Clock = std::chrono::steady_clock;
    Clock::time_point next_{};
};

/// An anonymous file with this content, at its beginning.
inline io::UniqueFd file_with(std::string_view text) {
    io::UniqueFd file(::memfd_create("fuzz", MFD_CLOEXEC));
    require(file && ::pwrite(file.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()),
            "a memfd");
    return file;
}

/// Bytes of the UTF-8 character at the start of a text, 0 if there is none: a second implementation of
/// text::character_bytes(), by decoding.
inline std::size_t decoded_bytes(std::string_view text) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    if (byte(0) < 0x80)
        return 1;
    const std::size_t size = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
    if (byte(0) < 0xc0 || byte(0) > 0xf7 || text.size() < size)
        return 0;
    std::uint32_t code = byte(0) & (0x7fU >> size);
    for (std::size_t at = 1; at < size; ++at) {
        if ((byte(at) & 0xc0U) != 0x80)
            return 0;
        code = code << 6U | (byte(at) & 0x3fU);
    }
    const std::uint32_t least = size == 2 ? 0x80 : size == 3 ? 0x800 : 0x10000;
    return code >= least && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? size : 0;
}

inline bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t size = decoded_bytes(text);
        if (size == 0)
            return false;
        text.remove_prefix(size);
    }
    return true;
}

/// No control characters, C1 included, and valid UTF-8.
inline bool is_printable(std::string_view text) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto byte = static_cast<unsigned char>(text[at]);
        if (byte < 0x20 || byte == 0x7f ||
            (byte == 0xc2 && at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xa0))
            return false;
    }
    return is_utf8(text);
}

/// A second implementation of text::is_harmful(), for one character.
inline bool is_harmful(std::string_view character) {
    if (character.size() < 2)
        return false;
    char32_t code = static_cast<unsigned char>(character[0]) & (0x7fU >> character.size());
    for (const char byte : character.substr(1))
        code = code << 6U | (static_cast<unsigned char>(byte) & 0x3fU);
    return (code >= 0x80 && code < 0xa0) || code == 0x61c || code == 0x200e || code == 0x200f ||
           (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/// The text as UTF-8 without harmful characters, with `map` applied to each ASCII character. It is not cut.
inline std::string cleaned(std::string_view text, const std::function<std::string(char)>& map) {
    std::string out;
    while (!text.empty()) {
        const std::size_t size = decoded_bytes(text);
        if (size == 1)
            out += map(text.front());
        else
            out +=
                size == 0 || is_harmful(text.substr(0, size)) ? replacement_character : text.substr(0, size);
        text.remove_prefix(size == 0 ? 1 : size);
    }
    return out;
}
inline std::string cleaned(std::string_view text) {
    return cleaned(text, [](char c) { return std::string(1, c); });
}

/// A tag key or value as line protocol has it: a second implementation of text::clean_name(). It is not cut.
inline std::string clean_name(std::string_view name) {
    return cleaned(name, [](char c) {
        return std::string(1, c == '\\' ? '/' : static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '_' : c);
    });
}

/// Adds a point with any bytes in its texts. The field keys differ, also after cleaning, as in the field
/// table.
inline void add_point(FuzzedDataProvider& data, PointBuffer& points) {
    const auto text = [&] { return points.store(data.ConsumeRandomLengthString(40)); };
    const std::string_view measurement = text();
    points.begin(measurement, data.ConsumeIntegral<std::int64_t>());
    for (int left = data.ConsumeIntegralInRange(0, 4); left > 0; --left) {
        const std::string_view key = text();
        points.tag(key, text());
    }
    std::vector<std::string> keys;
    for (int left = data.ConsumeIntegralInRange(1, 4); left > 0; --left) {
        const std::string_view key = text();
        const std::string clean = cleaned(key, [](char c) {
            return std::string(1, c == '\\'                                                       ? '/'
                                  : static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '"' ? '_'
                                                                                                  : c);
        });
        FieldValue value;
        switch (data.ConsumeIntegralInRange(0, 3)) {
        case 0:
            value = data.ConsumeIntegral<std::int64_t>();
            break;
        case 1:
            value = data.ConsumeFloatingPoint<double>();
            break;
        case 2:
            value = data.ConsumeBool();
            break;
        default:
            value = text();
        }
        if (std::find(keys.begin(), keys.end(), clean) != keys.end())
            continue;
        keys.push_back(clean);
        points.field(key, value);
    }
    points.end();
}

} // namespace lxcmon::fuzz
