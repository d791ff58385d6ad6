#include "support/encoded.hpp"
#include "support/fixture.hpp"

#include "io/mountinfo.hpp"
#include "sample/namespace_figures.hpp"

#include <doctest/doctest.h>
#include <net/if.h>

#include <cstdint>
#include <string>
#include <string_view>

using namespace lxcmon;
using namespace lxcmon::sample;

namespace {

std::string fs_line(const RootFilesystem& root, const MountSource& source = {"/dev/sda1", "ext4"}) {
    PointBuffer points;
    add_root_fs_point(root, source, {}, 5, points);
    return test::encoded(points);
}

RootFilesystem filesystem() {
    RootFilesystem root;
    root.present = true;
    root.block_bytes = 4096;
    root.blocks = 1000;
    root.blocks_free = 500;
    root.blocks_available = 300; // 200 are reserved for root
    root.inodes = 100;
    root.inodes_free = 40;
    return root;
}

NamespaceReply::ContainerLink& add_link(NamespaceReply& reply, std::string_view name) {
    auto& added = reply.links[reply.link_count++];
    added = {};
    name.copy(added.link.name.data(), added.link.name.size() - 1);
    added.link.mtu = 1500;
    return added;
}

std::string net_lines(const NamespaceReply& reply, const HostLinks& host_links = {}) {
    PointBuffer points;
    add_net_points(reply, host_links, {}, 5, points);
    return test::encoded(points);
}

} // namespace

TEST_CASE("what is mounted at / of the captured containers") {
    for (const std::string name : {"v1", "v2", "hybrid"}) {
        const test::Fixture fixture(name);
        for (const auto& captured : fixture.containers()) {
            CAPTURE(captured.name);
            const std::string mountinfo = fixture.text("proc/" + captured.init_pid + "/mountinfo");
            std::uint64_t id = 0;
            io::for_each_mount(mountinfo, [&](const io::Mount& mount) {
                if (mount.mount_point == "/")
                    id = std::stoull(mount.id);
            });
            const auto source = find_mount(mountinfo, id);
            // The busybox containers' root is a folder of the host's disk, sysd's an overlay on a folder of
            // it.
            CHECK(source.filesystem_type == (captured.name == "sysd" ? "overlay" : "ext4"));
            CHECK(source.device == (captured.name == "sysd" ? "overlay" : "/dev/vda"));
        }
    }
}

TEST_CASE("a mount is found by its id, wherever it stands") {
    const std::string mountinfo = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
                                  "2 1 0:9 / /mnt rw - tmpfs a rw\n"
                                  "12 1 0:5 / / rw shared:4 - tmpfs my\\040disk rw\n"
                                  "4 3 0:6 / / rw - overlay over\\134lay\\054 rw,lowerdir=/a\\040b\n";
    CHECK(find_mount(mountinfo, 1).device == "/dev/sda1");
    CHECK(find_mount(mountinfo, 12).device == "my disk");
    CHECK(find_mount(mountinfo, 4).filesystem_type == "overlay");
    CHECK(find_mount(mountinfo, 4).device == "over\\lay,");
}

TEST_CASE("no mount of that id") {
    for (const std::string none :
         {"", "2 1 0:9 / / rw - tmpfs a rw\n", "1 0 8:1 / / rw - ext4 /dev/sda1 rw", "nonsense\n"}) {
        CAPTURE(none);
        CHECK(find_mount(none, 1).device.empty());
        CHECK(find_mount(none, 1).filesystem_type.empty());
    }
}

TEST_CASE("figures of a filesystem, as df has them") {
    CHECK(fs_line(filesystem()) ==
          "lxc_fs,device=/dev/sda1,fstype=ext4,mountpoint=/ total_bytes=4096000i,used_bytes=2048000i,"
          "free_bytes=2048000i,available_bytes=1228800i,used_percent=62.5,inodes_total=100i,inodes_used=60i,"
          "inodes_free=40i,readonly=false 5\n");
    RootFilesystem root = filesystem();
    root.readonly = true;
    CHECK(fs_line(root).find("readonly=true") != std::string::npos);
    CHECK(fs_line(filesystem(), {}).starts_with("lxc_fs,mountpoint=/ "));
}

TEST_CASE("a filesystem without inodes of a fixed number says nothing about them") {
    RootFilesystem root = filesystem();
    root.inodes = root.inodes_free = 0;
    CHECK(fs_line(root).find("inodes") == std::string::npos);
    CHECK(fs_line(root).find("used_percent=62.5") != std::string::npos);
    root.inodes = 10;
    root.inodes_free = 11;
    CHECK(fs_line(root).find("inodes") == std::string::npos);
}

TEST_CASE("a filesystem without blocks, or with more free than there are, gives no point") {
    RootFilesystem root = filesystem();
    root.present = false;
    CHECK(fs_line(root).empty());
    root = filesystem();
    root.blocks = root.blocks_free = root.blocks_available = 0;
    CHECK(fs_line(root).empty());
    root = filesystem();
    root.blocks_free = 1001;
    CHECK(fs_line(root).empty());
}

TEST_CASE("a full filesystem is at 100 %, one that is all reserved has no share") {
    RootFilesystem root = filesystem();
    root.blocks_free = 200;
    root.blocks_available = 0;
    CHECK(fs_line(root).find("used_percent=100,") != std::string::npos);
    root.blocks_free = root.blocks;
    CHECK(fs_line(root).find("used_percent") == std::string::npos);
    CHECK(fs_line(root).find("used_bytes=0i") != std::string::npos);
}

TEST_CASE("sizes beyond the field's range are clamped") {
    RootFilesystem root = filesystem();
    root.blocks = UINT64_MAX;
    root.blocks_free = std::uint64_t{1} << 52; // times 4096: 2^64
    root.blocks_available = (std::uint64_t{1} << 51) - 1;
    root.inodes = UINT64_MAX;
    const std::string line = fs_line(root);
    CHECK(line.find("total_bytes=9223372036854775807i") != std::string::npos);
    CHECK(line.find("used_bytes=9223372036854775807i") != std::string::npos);
    CHECK(line.find("free_bytes=9223372036854775807i") != std::string::npos);
    CHECK(line.find("available_bytes=9223372036854771712i") != std::string::npos);
    CHECK(line.find("inodes_total=9223372036854775807i") != std::string::npos);
    CHECK(line.find("inodes_free=40i") != std::string::npos);
}

TEST_CASE("a point for each interface but the loopback") {
    NamespaceReply reply;
    add_link(reply, "lo").link.loopback = true;
    auto& eth0 = add_link(reply, "eth0").link;
    eth0.up = true;
    eth0.has_counters = true;
    eth0.rx_bytes = 1, eth0.tx_bytes = 2, eth0.rx_packets = 3, eth0.tx_packets = 4, eth0.rx_errors = 5;
    eth0.tx_errors = 6, eth0.rx_dropped = 7, eth0.tx_dropped = 8, eth0.multicast = 9;
    add_link(reply, "eth 1,x=y").link.mtu = 9000;
    CHECK(net_lines(reply) == "lxc_net,interface=eth0 "
                              "rx_bytes=1i,tx_bytes=2i,rx_packets=3i,tx_packets=4i,rx_errors=5i,tx_errors=6i,"
                              "rx_dropped=7i,tx_dropped=8i,multicast=9i,mtu=1500i,up=true 5\n"
                              "lxc_net,interface=eth\\ 1\\,x\\=y mtu=9000i,up=false 5\n");
    CHECK(net_lines(NamespaceReply{}).empty());
}

TEST_CASE("a name that fills all its room is whole") {
    NamespaceReply reply;
    add_link(reply, "abcdefghijklmno");
    CHECK(net_lines(reply).starts_with("lxc_net,interface=abcdefghijklmno mtu="));
}

TEST_CASE("counters beyond the field's range are clamped") {
    NamespaceReply reply;
    auto& link = add_link(reply, "eth0").link;
    link.has_counters = true;
    link.rx_bytes = (std::uint64_t{1} << 63) - 1;
    link.tx_bytes = std::uint64_t{1} << 63;
    link.multicast = UINT64_MAX;
    const std::string line = net_lines(reply);
    for (const std::string key : {"rx_bytes", "tx_bytes", "multicast"})
        CHECK(line.find(key + "=9223372036854775807i") != std::string::npos);
}

TEST_CASE("the host's end of a link is called by the host's name") {
    HostLinks host_links;
    CHECK(host_links.name(1).empty());
    host_links.refresh();
    CHECK(host_links.name(::if_nametoindex("lo")) == "lo");
    CHECK(host_links.name(0).empty());
    CHECK(host_links.name(UINT32_MAX).empty());

    NamespaceReply reply;
    add_link(reply, "eth0").host_index = ::if_nametoindex("lo");
    add_link(reply, "eth1").host_index = 0;
    add_link(reply, "eth2").host_index = UINT32_MAX; // gone in the meantime
    CHECK(net_lines(reply, host_links) ==
          "lxc_net,interface=eth0 mtu=1500i,up=false,host_interface=\"lo\" 5\n"
          "lxc_net,interface=eth1 mtu=1500i,up=false 5\n"
          "lxc_net,interface=eth2 mtu=1500i,up=false 5\n");
}
