// SPDX-License-Identifier: GPL-2.0-or-later
// Untrusted text for the log, a terminal and the encoders.
#include "fuzz/support.hpp"

#include "text/clean_name.hpp"
#include "text/printable.hpp"
#include "text/same_kind.hpp"
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

/// Each number as one digit.
std::string without_numbers(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool is_digit = c >= '0' && c <= '9';
        if (!is_digit || !out.ends_with('0'))
            out.push_back(is_digit ? '0' : c);
    }
    return out;
}

void check_same_kind(std::string_view text) {
    const std::string_view one = text.substr(0, text.find('\n'));
    const std::string_view other = text.substr(std::min(text.size(), one.size() + 1));
    require(text::same_kind(one, other) == (without_numbers(one) == without_numbers(other)),
            "messages that differ only in numbers", text);
    require(text::same_kind(text, without_numbers(text)), "a message without its numbers", text);
}

void check_name(std::string_view text) {
    const std::string clean = text::clean_name(text);
    require(text::is_clean(clean) && text::clean_name(clean) == clean, "a clean name stays the same", clean);
    require(text::is_clean(text) == (clean == text), "a name is clean if cleaning does not change it", text);
    std::string buffer;
    require(text::clean_name(text, buffer) == clean, "both ways give the same", clean);
    require(
        fuzz::cleaned(text, [](char c) { return std::string(1, text::clean_byte(c)); }).starts_with(clean) &&
            fuzz::is_utf8(clean),
        "each byte is cleaned by itself", clean);
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
    check_same_kind(text);
    check_name(text);
    FuzzedDataProvider provider(data, size);
    check_redacted(provider);
    return 0;
}
