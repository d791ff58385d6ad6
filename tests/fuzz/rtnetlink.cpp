// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's rtnetlink messages. A pair of sockets stands for the kernel: dump_links() sends its request
// and then reads what is there.
#include "fuzz/support.hpp"

#include "sample/network/link_fields.hpp"
#include "sample/network/rtnetlink.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

using namespace lxcmon;
using fuzz::require;

namespace {

struct Pair {
    Pair() {
        std::array<int, 2> ends{};
        require(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends.data()) == 0, "a pair of sockets");
        agent.reset(ends[0]);
        kernel.reset(ends[1]);
    }
    io::UniqueFd agent, kernel;
};

void drain(int socket) {
    std::array<char, 256> request{};
    while (::recv(socket, request.data(), request.size(), MSG_DONTWAIT) >= 0) {
    }
}

/// Each datagram begins with its length in two bytes.
void send_datagrams(int kernel, std::string_view text) {
    for (int left = 8; left > 0 && text.size() >= 2; --left) {
        std::uint16_t length = 0;
        std::memcpy(&length, text.data(), sizeof length);
        text.remove_prefix(sizeof length);
        const std::string_view datagram = text.substr(0, length);
        text.remove_prefix(datagram.size());
        static_cast<void>(::send(kernel, datagram.data(), datagram.size(), MSG_DONTWAIT));
    }
}

void check(const sample::Link& link) {
    require(link.name.back() == '\0', "a name ends in NUL");
    for (const FieldRange fields : {fields_of("lxc_net"), fields_of("host_net")}) {
        Readings readings;
        sample::set_link(link, fields, readings);
        for (FieldId id = fields.first; id < fields.last; ++id)
            require(readings.integer(id).value_or(0) >= 0, "a count is not negative", field_table[id].name);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Pair pair;
    const std::string_view text = fuzz::text_of(data, size);
    send_datagrams(pair.kernel.get(), text);
    std::size_t links = 0;
    constexpr std::size_t most = 5;
    const int error = sample::dump_links(
        pair.agent.get(),
        [&](const sample::Link& link) {
            check(link);
            ++links;
        },
        most);
    require(links <= most && (error >= 0 || error == INT_MIN || error < 0), "at most so many links");
    drain(pair.agent.get());
    send_datagrams(pair.kernel.get(), text);
    sample::Link link;
    if (sample::get_link(pair.agent.get(), 1, link) == 0)
        check(link);
    drain(pair.agent.get());
    send_datagrams(pair.kernel.get(), text);
    static_cast<void>(sample::namespace_id(pair.agent.get(), 0));
    drain(pair.agent.get());
    drain(pair.kernel.get());
    return 0;
}
