// SPDX-License-Identifier: GPL-2.0-or-later
// Names of a container's interfaces and devices against globs: any text, in time, and `*` and `?` beside a
// second implementation.
#include "fuzz/support.hpp"

#include "text/name_globs.hpp"

#include <algorithm>

using namespace lxcmon;
using fuzz::require;

namespace {

constexpr std::size_t most_glob_bytes = 2000;
constexpr std::size_t most_name_bytes = 255;

/// For globs of `*`, `?` and ordinary characters, in steps of one character of the glob.
bool matches(std::string_view glob, std::string_view name) {
    std::vector<bool> at(name.size() + 1); // at[n]: the glob so far matches the first n bytes
    at[0] = true;
    for (const char wanted : glob) {
        std::vector<bool> next(at.size());
        for (std::size_t n = 0; n < at.size(); ++n) {
            if (wanted == '*')
                next[n] = at[n] || (n > 0 && next[n - 1]);
            else
                next[n] = n > 0 && at[n - 1] && (wanted == '?' || wanted == name[n - 1]);
        }
        at = next;
    }
    return at[name.size()];
}

/// Few different characters, so that globs match. Many stars before a text that does not match are the worst
/// case of a matcher that goes back.
std::string simple(std::string text, std::string_view characters) {
    for (char& c : text)
        c = characters[static_cast<unsigned char>(c) % characters.size()];
    return text;
}

void check_precedence(const text::NameGlobs& globs, const char* name) {
    const bool is_excluded = !text::NameGlobs{{}, globs.exclude}.wants(name, true);
    const bool is_included = text::NameGlobs{globs.include, {}}.wants(name, false);
    require(globs.wants(name, true) == !is_excluded, "a name is wanted by default", name);
    require(globs.wants(name, false) == (is_included && !is_excluded), "exclude takes precedence", name);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FuzzedDataProvider provider(data, size);
    const std::string name = provider.ConsumeRandomLengthString(most_name_bytes);
    const std::string other = provider.ConsumeRandomLengthString(most_glob_bytes);
    const std::string glob = provider.ConsumeBytesAsString(most_glob_bytes);
    check_precedence({{glob.c_str(), other}, {other.c_str()}}, name.c_str());
    const std::string plain_name = simple(name, "aab.");
    const std::string plain_glob = simple(glob, "*a*?*b*.");
    require(text::NameGlobs{{plain_glob}, {}}.wants(plain_name.c_str(), false) ==
                matches(plain_glob, plain_name),
            "a glob matches", plain_glob);
    return 0;
}
