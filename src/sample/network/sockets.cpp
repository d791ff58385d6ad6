// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/network/sockets.hpp"

#include "io/kernel_file.hpp"
#include "io/parse.hpp"

#include <cerrno>

namespace lxcmon::sample {
namespace {

/// The number after a key in a line such as "inuse 3 tw 1".
std::optional<std::int64_t> count_of(std::string_view line, std::string_view key) noexcept {
    while (!line.empty()) {
        const std::string_view word = io::take_until(line, ' ');
        const std::string_view value = io::take_until(line, ' ');
        if (word == key)
            return io::parse_count(value);
    }
    return std::nullopt;
}

void set_sum(FieldId field, std::optional<std::int64_t> a, std::optional<std::int64_t> b,
             Readings& readings) noexcept {
    std::int64_t sum = 0;
    if (a && b && !__builtin_add_overflow(*a, *b, &sum))
        readings.set(field, sum);
}

void set_count(FieldId field, std::optional<std::int64_t> count, Readings& readings) noexcept {
    if (count)
        readings.set(field, *count);
}

constexpr FieldId retrans_field = field_id("lxc_socket", "tcp_retrans_segs");

/// Whether a field from sockstat or sockstat6 is selected.
bool wants_counts(const Selection& selection) noexcept {
    return selection.has(field_id("lxc_socket", "tcp_inuse")) ||
           selection.has(field_id("lxc_socket", "tcp_tw")) ||
           selection.has(field_id("lxc_socket", "udp_inuse")) ||
           selection.has(field_id("lxc_socket", "sockets_used"));
}

} // namespace

void parse_sockstat(std::string_view text, SocketCounts& counts) noexcept {
    io::for_each_line(text, [&](std::string_view line) {
        const std::string_view what = io::take_until(line, ':');
        if (line.starts_with(' '))
            line.remove_prefix(1);
        if (what == "sockets")
            counts.used = count_of(line, "used");
        else if (what == "TCP")
            counts.tcp = count_of(line, "inuse"), counts.tcp_time_wait = count_of(line, "tw");
        else if (what == "UDP")
            counts.udp = count_of(line, "inuse");
        else if (what == "TCP6")
            counts.tcp6 = count_of(line, "inuse");
        else if (what == "UDP6")
            counts.udp6 = count_of(line, "inuse");
    });
}

void parse_snmp(std::string_view text, SocketCounts& counts) noexcept {
    // A line of names, then a line of numbers. Both begin with "Tcp: ".
    std::string_view names;
    io::for_each_line(text, [&](std::string_view line) {
        if (io::take_until(line, ' ') != "Tcp:")
            return;
        if (names.empty()) {
            names = line;
            return;
        }
        while (!names.empty()) {
            const std::string_view name = io::take_until(names, ' ');
            const std::string_view value = io::take_until(line, ' ');
            if (name == "RetransSegs")
                counts.retrans_segs = io::parse_count(value);
        }
    });
}

SocketSampler::SocketSampler(int root_fd, pid_t init_pid)
    : root_fd_(root_fd)
    , sockstat_("proc/" + std::to_string(init_pid) + "/net/sockstat")
    , sockstat6_(sockstat_ + "6")
    , snmp_("proc/" + std::to_string(init_pid) + "/net/snmp") {}

void SocketSampler::scan(std::span<char> buffer, const Selection& selection) noexcept {
    counts_ = {};
    if (wants_counts(selection)) {
        parse_sockstat(io::read_once(root_fd_, sockstat_.c_str(), buffer).text, counts_);
        const io::ReadResult sockstat6 = io::read_once(root_fd_, sockstat6_.c_str(), buffer);
        parse_sockstat(sockstat6.text, counts_);
        // A kernel without IPv6 has no such file. All sockets are IPv4 sockets then.
        if (sockstat6.error == ENOENT)
            counts_.tcp6 = counts_.udp6 = 0;
    }
    if (selection.has(retrans_field))
        parse_snmp(io::read_once(root_fd_, snmp_.c_str(), buffer).text, counts_);
}

void SocketSampler::set_fields(Readings& readings) const noexcept {
    set_sum(field_id("lxc_socket", "tcp_inuse"), counts_.tcp, counts_.tcp6, readings);
    set_sum(field_id("lxc_socket", "udp_inuse"), counts_.udp, counts_.udp6, readings);
    set_count(field_id("lxc_socket", "tcp_tw"), counts_.tcp_time_wait, readings);
    set_count(field_id("lxc_socket", "sockets_used"), counts_.used, readings);
    set_count(retrans_field, counts_.retrans_segs, readings);
}

} // namespace lxcmon::sample
