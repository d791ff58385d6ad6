// SPDX-License-Identifier: GPL-2.0-or-later
// What the process for liblxc sends, datagram by datagram. The input is in shared memory, so a process is
// forked only if the agent has given the one before up.
#include "fuzz/support.hpp"

#include "discover/lxc_clients.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

using namespace lxcmon;
using fuzz::require;

namespace {

struct Input {
    std::size_t size;
    std::array<char, 64U << 10U> bytes;

    [[nodiscard]] std::string_view text() const { return {bytes.data(), size}; }
};

Input& input() {
    static auto* const shared = static_cast<Input*>(
        ::mmap(nullptr, sizeof(Input), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    return *shared;
}

/// Takes the next datagram off the input. Two bytes say its length; 0: as long as datagrams get.
std::string_view take_datagram(std::string_view& rest) {
    std::uint16_t length = 0;
    std::memcpy(&length, rest.data(), std::min(rest.size(), sizeof length));
    rest.remove_prefix(std::min(rest.size(), sizeof length));
    const std::string_view datagram = rest.substr(0, length == 0 ? discover::piece_bytes_most : length);
    rest.remove_prefix(datagram.size());
    return datagram;
}

bool is_last(std::string_view datagram) {
    return datagram.empty() || datagram.front() != discover::more_follows;
}

/// Sends the datagrams up to one that ends the answer, after each question.
void answer_with_input(int socket) {
    std::array<char, 4 * discover::piece_bytes_most> question{};
    while (::recv(socket, question.data(), question.size(), 0) > 0) {
        std::string_view datagram;
        for (std::string_view rest = input().text(); !rest.empty();) {
            datagram = take_datagram(rest);
            static_cast<void>(::send(socket, datagram.data(), datagram.size(), MSG_NOSIGNAL));
            if (is_last(datagram))
                break;
        }
        if (is_last(datagram) && !datagram.empty())
            continue;
        ::_exit(0);
    }
}

/// What the agent must return: the answer, if all datagrams before the last one are full and the whole is
/// valid.
std::optional<discover::LxcAnswer> wanted_answer(std::uint64_t number) {
    std::string whole;
    for (std::string_view rest = input().text(); !rest.empty();) {
        const std::string_view datagram = take_datagram(rest).substr(0, discover::piece_bytes_most);
        if (datagram.empty())
            return std::nullopt;
        whole += datagram.substr(1);
        if (!is_last(datagram) && datagram.size() == discover::piece_bytes_most)
            continue;
        auto answer = is_last(datagram) ? discover::decode_answer(whole) : std::nullopt;
        return answer && answer->number == number ? std::move(answer) : std::nullopt;
    }
    return std::nullopt;
}

discover::LxcAnswer asked(discover::LxcClient& client, std::uint64_t number) {
    discover::LxcQuestion question;
    question.number = number;
    question.lxcpath = "/var/lib/lxc";
    client.ask(std::move(question), discover::LxcUrgency::normal);
    for (;;) {
        if (auto answer = client.step())
            return std::move(*answer);
        require(client.is_busy(), "a question stays open until its answer");
        pollfd wait{client.socket(), POLLIN, 0};
        ::poll(&wait, 1, 1);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static discover::LxcClient client(&answer_with_input, "lxcmon-fuzz", std::chrono::seconds(20));
    constexpr std::uint64_t number = 7;
    Input& in = input();
    in.size = std::min(size, in.bytes.size());
    std::memcpy(in.bytes.data(), data, in.size);
    const discover::LxcAnswer answer = asked(client, number);
    const auto wanted = wanted_answer(number);
    require(answer.number == number, "the answer is for the question");
    require(wanted ? answer == *wanted : answer.trouble == discover::LxcTrouble::broken,
            "the answer is what the process says, or that it is broken", answer.fault);
    require(!client.is_busy(), "one answer for a question");
    return 0;
}
