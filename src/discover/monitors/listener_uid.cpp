// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/monitors/listener_uid.hpp"

#include "io/clock.hpp"
#include "io/unique_fd.hpp"

#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace lxcmon::discover {
namespace {

constexpr std::uint8_t listening = 10; // TCP_LISTEN of the kernel, for unix sockets, too
constexpr std::int64_t most_dump_cpu_ns = 50'000'000;
/// The kernel sends up to 32 KiB of a dump at once.
constexpr std::size_t diag_bytes = 32U << 10U;

io::UniqueFd open_sock_diag() noexcept {
    io::UniqueFd diag(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    const void* const address = &kernel; // accepts messages from the kernel only
    if (diag && ::connect(diag.get(), static_cast<const sockaddr*>(address), sizeof kernel) != 0)
        diag.reset();
    return diag;
}

bool ask_for_listeners(int diag) noexcept {
    struct {
        nlmsghdr header;
        unix_diag_req asked;
    } request{};
    request.header.nlmsg_len = sizeof request;
    request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    request.asked.sdiag_family = AF_UNIX;
    request.asked.udiag_states = 1U << listening;
    request.asked.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_UID;
    return ::send(diag, &request, sizeof request, 0) >= 0;
}

/// The T at the front of `bytes`; false if these are too few.
template <typename T>
bool read_front(std::span<const char> bytes, T& front) noexcept {
    if (bytes.size() < sizeof front)
        return false;
    std::memcpy(&front, bytes.data(), sizeof front);
    return true;
}

/// Takes a part of that length from the front, and what pads it to four bytes.
void drop_aligned(std::span<const char>& bytes, std::size_t length) noexcept {
    const std::size_t aligned = (length + 3U) & ~std::size_t{3};
    bytes = bytes.subspan(aligned < bytes.size() ? aligned : bytes.size());
}

/// `message`: what follows the header. The user, if it is that listener.
std::optional<uid_t> uid_in(std::span<const char> message, std::string_view socket_name) noexcept {
    unix_diag_msg about{};
    if (!read_front(message, about) || about.udiag_type != SOCK_STREAM || about.udiag_state != listening)
        return std::nullopt;
    drop_aligned(message, sizeof about);
    std::optional<uid_t> uid;
    bool is_it = false;
    nlattr attribute{};
    while (read_front(message, attribute) && attribute.nla_len >= sizeof attribute &&
           attribute.nla_len <= message.size()) {
        const auto value = message.subspan(sizeof attribute, attribute.nla_len - sizeof attribute);
        if (attribute.nla_type == UNIX_DIAG_NAME)
            is_it = value.size() == socket_name.size() + 1 && value[0] == '\0' &&
                    std::memcmp(value.data() + 1, socket_name.data(), socket_name.size()) == 0;
        uid_t number = 0;
        if (attribute.nla_type == UNIX_DIAG_UID && read_front(value, number))
            uid = number;
        drop_aligned(message, attribute.nla_len);
    }
    return is_it ? uid : std::nullopt;
}

/// Whether a dump goes on after a datagram, and what it has said.
struct Step {
    bool ended = true;
    std::optional<uid_t> uid;
};

Step read_datagram(std::span<const char> datagram, std::string_view socket_name) noexcept {
    nlmsghdr header{};
    while (read_front(datagram, header)) {
        if (header.nlmsg_len < sizeof header || header.nlmsg_len > datagram.size() ||
            header.nlmsg_type != SOCK_DIAG_BY_FAMILY) // the end, an error
            return {};
        if (const auto uid =
                uid_in(datagram.subspan(sizeof header, header.nlmsg_len - sizeof header), socket_name))
            return {true, uid};
        drop_aligned(datagram, header.nlmsg_len);
    }
    return {false, std::nullopt};
}

} // namespace

std::optional<uid_t> listener_uid(std::string_view socket_name) noexcept {
    const io::UniqueFd diag = open_sock_diag();
    if (!diag || !ask_for_listeners(diag.get()))
        return std::nullopt;
    std::array<char, diag_bytes> datagram; // NOLINT(cppcoreguidelines-pro-type-member-init): recv() fills it
    const std::int64_t end_ns = io::now_ns(CLOCK_THREAD_CPUTIME_ID) + most_dump_cpu_ns;
    while (io::now_ns(CLOCK_THREAD_CPUTIME_ID) < end_ns) {
        const ssize_t length = ::recv(diag.get(), datagram.data(), datagram.size(), MSG_DONTWAIT);
        if (length <= 0)
            return std::nullopt;
        const Step step = read_datagram(
            std::span<const char>(datagram).first(static_cast<std::size_t>(length)), socket_name);
        if (step.ended)
            return step.uid;
    }
    return std::nullopt;
}

} // namespace lxcmon::discover
