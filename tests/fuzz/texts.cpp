// SPDX-License-Identifier: GPL-2.0-or-later
// Untrusted text for the log, a terminal and the encoders.
#include "fuzz/support.hpp"

#include "text/printable.hpp"
#include "text/table.hpp"
#include "text/utf8.hpp"

using namespace lxcmon;
using fuzz::require;

namespace {

void check_characters(std::string_view text) {
    for (std::string_view rest = text; !rest.empty(); rest.remove_prefix(1))
        require(text::character_bytes(rest) == fuzz::decoded_bytes(rest), "a character is UTF-8",
                rest.substr(0, 4));
}

void check_clean(std::string_view text, std::size_t most) {
    std::string out;
    text::append_text(
        out, text, [&](char c) { out.push_back(c); }, most);
    const std::string whole = fuzz::cleaned(text);
    require(out.size() <= most && whole.starts_with(out) && fuzz::is_utf8(out),
            "a cut text is the beginning of the whole", out);
    require(whole.size() - out.size() == 0 || most - out.size() < 4, "a text is cut as late as possible",
            out);
}

void check_printable(std::string_view text, std::size_t most) {
    const std::string shown = text::printable(text, most);
    require(fuzz::is_printable(shown), "it is printable", shown);
    require(shown.size() <= most + 3, "it is bounded", shown);
    require(text::printable(shown, most + 3) == shown, "printable text stays the same", shown);
}

void check_redacted(FuzzedDataProvider& data) {
    const std::vector<std::string> secrets{data.ConsumeRandomLengthString(8),
                                           data.ConsumeRandomLengthString(8)};
    const std::string text = data.ConsumeRemainingBytesAsString();
    const std::string shown = text::redacted(text, secrets);
    for (const std::string& secret : secrets)
        require(secret.size() < 4 || secret.find('*') != std::string::npos ||
                    shown.find(secret) == std::string::npos,
                "no secret is shown", shown);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    const std::size_t most = size == 0 ? 0 : data[0];
    check_characters(text);
    check_clean(text, most);
    check_clean(text, size * 3);
    check_printable(text, most);
    const std::string table = text::aligned({{"NAME", "STATE"}, {std::string(text.substr(0, 100)), "x"}});
    require(table.find("STATE") != std::string::npos, "a table has its columns");
    FuzzedDataProvider provider(data, size);
    check_redacted(provider);
    return 0;
}
