// SPDX-License-Identifier: GPL-2.0-or-later
// Refused lines and a server's message, to the file of refused lines and back. The file may be there before,
// with any content.
#include "fuzz/support.hpp"

#include "spool/contents.hpp"
#include "spool/quarantine.hpp"
#include "support/temp_folder.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace lxcmon;
using fuzz::require;

namespace {

using Json = nlohmann::json;

std::string content(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

/// Invalid bytes are replaced, by one character or by several.
bool is_same(const std::string& shown, const std::string& given) {
    return fuzz::is_utf8(given) ? shown == given : fuzz::is_utf8(shown);
}

struct Found {
    std::string lines;
    std::size_t count = 0;
};

/// Each line is an object with the given texts, as any other program reads them.
Found read_objects(std::string_view text, const spool::Rejected& rejected) {
    Found found;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        require(end != std::string_view::npos, "each object ends its line");
        const Json object = Json::parse(text.substr(0, end), nullptr, false);
        require(object.is_object(), "each line is an object", text.substr(0, end));
        text.remove_prefix(end + 1);
        require(object["status"] == rejected.status && is_same(object["error"], rejected.message) &&
                    is_same(object["server"], rejected.server),
                "status, message and server are as given");
        require(object.contains("line") != object.contains("lines"), "a line or a number of lines");
        found.count += object.contains("line") ? 1 : object["lines"].get<std::size_t>();
        if (object.contains("line"))
            found.lines += object["line"].get<std::string>() + '\n';
    }
    return found;
}

/// `before`: what the file had. `after` has all of that, unless the file was rotated.
void check_file(std::string before, std::string_view after, const spool::Rejected& rejected, bool is_small) {
    if (!before.empty() && !before.ends_with('\n'))
        before.push_back('\n');
    const bool is_kept = after.starts_with(before);
    require(is_kept || is_small, "earlier lines stay");
    const Found found = read_objects(after.substr(is_kept ? before.size() : 0), rejected);
    require(is_small || (is_same(found.lines, rejected.lines) && found.count == rejected.count),
            "all lines are kept or counted", found.lines);
}

spool::Rejected rejected_of(FuzzedDataProvider& data) {
    spool::Rejected rejected;
    rejected.status = data.ConsumeIntegralInRange(0, 999);
    rejected.time_ns = data.ConsumeIntegral<std::int64_t>();
    rejected.server = data.ConsumeRandomLengthString(100);
    rejected.message = data.ConsumeRandomLengthString(300);
    const std::size_t unnamed = data.ConsumeIntegralInRange<std::size_t>(0, 2);
    rejected.lines = data.ConsumeRandomLengthString(2000);
    if (!rejected.lines.empty() && !rejected.lines.ends_with('\n'))
        rejected.lines.push_back('\n');
    rejected.count =
        unnamed + static_cast<std::size_t>(std::count(rejected.lines.begin(), rejected.lines.end(), '\n'));
    return rejected;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const test::TempFolder folder("/dev/shm");
    const std::string path = folder.path(spool::rejected_name);
    FuzzedDataProvider provider(data, size);
    const spool::Rejected rejected = rejected_of(provider);
    const bool is_small = provider.ConsumeBool();
    const std::string before = provider.ConsumeRemainingBytesAsString();
    folder.write(spool::rejected_name, before);
    constexpr std::uint64_t small_bytes = 600;
    spool::Quarantine quarantine(folder.path("."), is_small ? small_bytes : std::uint64_t{1} << 20U);
    require(!quarantine.append(rejected), "the lines can be kept");
    check_file(before, content(path), rejected, is_small);
    for (const char* name : {spool::rejected_name, spool::old_rejected_name})
        std::filesystem::remove(folder.path(name));
    return 0;
}
