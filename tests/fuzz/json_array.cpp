// SPDX-License-Identifier: GPL-2.0-or-later
// The end of a JSON array of objects that may be torn, beside nlohmann/json.
#include "fuzz/support.hpp"

#include "deliver/array/array_scan.hpp"

#include <nlohmann/json.hpp>

using namespace lxcmon;
using deliver::ArrayScan;
using fuzz::require;

namespace {

using Json = nlohmann::json;

ArrayScan scan_in_parts(std::string_view text, std::size_t part_bytes) {
    ArrayScan scan;
    for (std::size_t at = 0; at < text.size(); at += part_bytes)
        scan.add(text.substr(at, part_bytes));
    return scan;
}

void check_parts(std::string_view text, const ArrayScan& whole, std::size_t part_bytes) {
    const ArrayScan parts = scan_in_parts(text, part_bytes);
    require(parts.end() == whole.end() && parts.is_whole() == whole.is_whole() &&
                parts.is_empty() == whole.is_empty() && parts.is_foreign() == whole.is_foreign(),
            "the parts do not matter", text);
    require(whole.end() <= text.size(), "the end is in the text", text);
}

/// What is left of an array that is cut, and closed again, has the first elements of it.
void check_cut(std::string_view text, const Json& array, std::size_t cut) {
    const ArrayScan scan = scan_in_parts(text.substr(0, cut), text.size());
    require(!scan.is_foreign(), "a cut array is no foreign one", text);
    if (scan.end() == 0)
        return;
    const Json left = Json::parse(std::string(text.substr(0, scan.end())) + "]", nullptr, false);
    require(left.is_array() && left.size() <= array.size() && left.empty() == scan.is_empty(),
            "what is left is an array", text);
    require(std::equal(left.begin(), left.end(), array.begin()), "no element has changed", text);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2)
        return 0;
    const std::size_t choice = data[0] + 256U * data[1];
    const std::string_view text = fuzz::text_of(data + 2, size - 2);
    const ArrayScan scan = scan_in_parts(text, std::max<std::size_t>(text.size(), 1));
    check_parts(text, scan, choice % 7 + 1);
    // nlohmann/json takes a byte order mark, and a NUL as the end.
    if (text.starts_with("\xEF\xBB\xBF") || text.find('\0') != std::string_view::npos)
        return 0;
    const Json array = Json::parse(text, nullptr, false);
    if (!array.is_array() || !std::ranges::all_of(array, [](const Json& each) { return each.is_object(); }))
        return 0;
    require(scan.is_whole() && scan.is_empty() == array.empty(), "an array of objects is whole", text);
    check_cut(text, array, text.size());
    check_cut(text, array, choice % (text.size() + 1));
    return 0;
}
