// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/temp_tree.hpp"

#include "sample/network/sockets.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <filesystem>
#include <string>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::sample;
using test::TempTree;

namespace {

constexpr const char* sockstat = "sockets: used 41\n"
                                 "TCP: inuse 5 orphan 7 tw 3 alloc 900 mem 80\n"
                                 "UDP: inuse 2 mem 6\n"
                                 "UDPLITE: inuse 77\nRAW: inuse 78\nFRAG: inuse 79 memory 0\n";
constexpr const char* sockstat6 = "TCP6: inuse 4\nUDP6: inuse 1\nUDPLITE6: inuse 9\nRAW6: inuse 9\n";
constexpr const char* snmp = "Ip: Forwarding DefaultTTL\nIp: 1 64\n"
                             "Tcp: RtoAlgorithm MaxConn InSegs OutSegs RetransSegs InErrs\n"
                             "Tcp: 1 -1 10 20 30 40\n"
                             "Udp: InDatagrams\nUdp: 8\n";

SocketCounts parsed(std::string_view text) {
    SocketCounts counts;
    parse_sockstat(text, counts);
    return counts;
}

std::optional<std::int64_t> retrans(std::string_view text) {
    SocketCounts counts;
    parse_snmp(text, counts);
    return counts.retrans_segs;
}

/// A host whose process 100 is a container's init.
class Host {
  public:
    Host() {
        tree_.write("proc/100/net/sockstat", sockstat);
        tree_.write("proc/100/net/sockstat6", sockstat6);
        tree_.write("proc/100/net/snmp", snmp);
    }
    [[nodiscard]] const TempTree& tree() const noexcept { return tree_; }
    [[nodiscard]] Readings readings(const Selection& selection = Selection::everything()) const {
        std::vector<char> buffer(4096);
        Readings readings;
        SocketSampler sampler(tree_.fd(), 100);
        sampler.scan(buffer, selection);
        sampler.set_fields(readings);
        return readings;
    }
    [[nodiscard]] std::size_t fields(const Selection& selection = Selection::everything()) const {
        PointBuffer points;
        readings(selection).emit(fields_of("lxc_socket"), {}, {}, 1, points);
        return points.empty() ? 0 : points[0].fields.size();
    }

  private:
    TempTree tree_;
};

constexpr FieldId tcp_inuse = field_id("lxc_socket", "tcp_inuse");
constexpr FieldId udp_inuse = field_id("lxc_socket", "udp_inuse");
constexpr FieldId tcp_tw = field_id("lxc_socket", "tcp_tw");
constexpr FieldId sockets_used = field_id("lxc_socket", "sockets_used");
constexpr FieldId retrans_segs = field_id("lxc_socket", "tcp_retrans_segs");

} // namespace

TEST_CASE("IPv4 and IPv6 sockets are added; counts of the whole host are left out") {
    const Host host;
    const Readings readings = host.readings();
    CHECK(readings.integer(tcp_inuse) == 9);
    CHECK(readings.integer(udp_inuse) == 3);
    CHECK(readings.integer(tcp_tw) == 3);
    CHECK(readings.integer(sockets_used) == 41);
    CHECK(readings.integer(retrans_segs) == 30);
    CHECK(host.fields() == 5);
}

TEST_CASE("without IPv6 in the kernel only IPv4 sockets count; with a malformed sockstat6 there is no sum") {
    const Host host;
    host.tree().remove("proc/100/net/sockstat6");
    CHECK(host.readings().integer(tcp_inuse) == 5);
    CHECK(host.readings().integer(udp_inuse) == 2);
    host.tree().write("proc/100/net/sockstat6", "UDP6: inuse x\n");
    CHECK_FALSE(host.readings().integer(tcp_inuse));
    CHECK_FALSE(host.readings().integer(udp_inuse));
    CHECK(host.readings().integer(tcp_tw) == 3);
}

TEST_CASE("files without a selected field are not read") {
    const Host host;
    const std::vector<std::string> counts{"lxc_socket", "!lxc_socket.tcp_retrans_segs"};
    const std::vector<std::string> retransmissions{"lxc_socket.tcp_retrans_segs"};
    const Readings counts_only = host.readings(Selection::of(counts));
    CHECK(counts_only.integer(tcp_inuse) == 9);
    CHECK_FALSE(counts_only.integer(retrans_segs));
    const Readings retrans_only = host.readings(Selection::of(retransmissions));
    CHECK_FALSE(retrans_only.integer(tcp_inuse));
    CHECK(retrans_only.integer(retrans_segs) == 30);
}

TEST_CASE("malformed sockstat") {
    CHECK_FALSE(parsed("").used);
    CHECK_FALSE(parsed("sockets: used 41").used); // cut short
    CHECK_FALSE(parsed("sockets: used -1\n").used);
    CHECK_FALSE(parsed("sockets: used 9223372036854775808\n").used);
    CHECK_FALSE(parsed("sockets: unused 4\n").used);
    CHECK_FALSE(parsed("TCP: inuse tw 3\n").tcp); // "tw" is no number
    CHECK(parsed("TCP: tw 3 inuse 5\n").tcp == 5);
    CHECK(parsed("TCP:\nTCP: inuse 5 tw\n").tcp == 5);
    CHECK_FALSE(parsed("TCP: inuse 5 tw\n").tcp_time_wait);
    CHECK_FALSE(parsed("tcp: inuse 5\n").tcp);
}

TEST_CASE("malformed snmp") {
    CHECK(retrans("Tcp: RetransSegs\nTcp: 3\n") == 3);
    CHECK_FALSE(retrans(""));
    CHECK_FALSE(retrans("Tcp: RetransSegs\n"));
    CHECK_FALSE(retrans("Tcp: RetransSegs\nTcp: 3")); // cut short
    CHECK_FALSE(retrans("Tcp: InSegs RetransSegs\nTcp: 3\n"));
    CHECK_FALSE(retrans("Tcp: InSegs OutSegs\nTcp: 3 4\n"));
    CHECK_FALSE(retrans("Tcp: RetransSegs\nTcp: -1\n"));
    CHECK_FALSE(retrans("Tcp: RetransSegs\nTcp: 18446744073709551615\n"));
    CHECK_FALSE(retrans("TcpExt: RetransSegs\nTcpExt: 3\n"));
}
