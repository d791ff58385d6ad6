// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's rtnetlink messages.
#include "fuzz/support.hpp"

#include "sample/network/link_fields.hpp"
#include "sample/network/netlink_message.hpp"

#include <cstring>

using namespace lxcmon;
using fuzz::require;

namespace {

void check(const sample::Link& link) {
    require(link.name.back() == '\0', "a name ends in NUL");
    for (const FieldRange fields : {fields_of("lxc_net"), fields_of("host_net")}) {
        Readings readings;
        sample::set_link(link, fields, readings);
        for (FieldId id = fields.first; id < fields.last; ++id)
            require(readings.integer(id).value_or(0) >= 0, "a count is not negative", field_table[id].name);
    }
}

/// `datagram` has its own allocation, so that a byte behind it is seen.
void check_datagram(const std::vector<char>& datagram) {
    constexpr std::size_t most = 5;
    std::size_t left = most, links = 0;
    const auto on_link = [&](const sample::Link& link) {
        check(link);
        ++links;
    };
    const sample::DumpStep step = sample::parse_dump(datagram, on_link, left);
    require(links + left == most && step.error >= 0, "at most so many links, and an errno");
    require(left > 0 || step.ended, "a dump ends after so many links");
    sample::Link link;
    const int error = sample::parse_answer(datagram, link);
    require(error >= 0, "an errno");
    if (error == 0)
        check(link);
    static_cast<void>(sample::parse_namespace_id(datagram));
}

} // namespace

/// Each datagram begins with its length in two bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text = fuzz::text_of(data, size);
    while (text.size() >= sizeof(std::uint16_t)) {
        std::uint16_t length = 0;
        std::memcpy(&length, text.data(), sizeof length);
        text.remove_prefix(sizeof length);
        const std::string_view datagram = text.substr(0, length);
        check_datagram({datagram.begin(), datagram.end()});
        text.remove_prefix(datagram.size());
    }
    return 0;
}
