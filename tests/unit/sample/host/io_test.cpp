// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/encoded.hpp"
#include "support/temp_tree.hpp"

#include "sample/host/io.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <string_view>

using namespace lxcmon;
using namespace lxcmon::sample;
using test::TempTree;

namespace {

std::string lines(HostIo& host_io, std::string_view diskstats) {
    PointBuffer points;
    host_io.add_points(diskstats, {}, 1, points);
    return test::encoded(points);
}

void add_disk(const TempTree& tree, const std::string& number) {
    std::filesystem::create_directories(tree.path() / ("sys/dev/block/" + number));
}

void add_partition(const TempTree& tree, const std::string& number) {
    tree.write("sys/dev/block/" + number + "/partition", "1\n");
}

/// A host with one disk, sda (8:0).
struct OneDisk {
    OneDisk() { add_disk(tree, "8:0"); }
    std::string lines(std::string_view diskstats) { return ::lines(host_io, diskstats); }
    TempTree tree;
    text::NameGlobs globs{};
    DeviceNames devices{tree.fd()};
    HostIo host_io{tree.fd(), globs, devices};
};

constexpr const char* sda = "host_io,device=sda ";

} // namespace

TEST_CASE("whole disks, with the kernel's names, in sectors of 512 bytes") {
    OneDisk host;
    add_disk(host.tree, "104:0");
    add_partition(host.tree, "8:1");
    add_partition(host.tree, "104:1");
    CHECK(
        host.lines("   8       0 sda 10 1 20 5 30 2 40 6 0 7 8 3 0 50 1 9 4\n"
                   "   8       1 sda1 10 1 20 5 30 2 40 6 0 7 8 3 0 50 1 9 4\n"
                   " 104       0 cciss/c0d0 1 0 8 0 0 0 0 0 2 0 0 0 0 0 0 0 0\n"
                   " 104       1 cciss/c0d0p1 1 0 8 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n") ==
        "host_io,device=sda read_bytes=10240i,write_bytes=20480i,read_ops=10i,write_ops=30i,"
        "discard_bytes=25600i,discard_ops=3i,read_usec=5000i,write_usec=6000i,busy_usec=7000i,queue_usec="
        "8000i,"
        "in_flight=0i,read_merges=1i,write_merges=2i,discard_merges=0i,discard_usec=1000i,flush_ops=9i,"
        "flush_usec=4000i 1\n"
        "host_io,device=cciss/c0d0 read_bytes=4096i,write_bytes=0i,read_ops=1i,write_ops=0i,"
        "discard_bytes=0i,discard_ops=0i,read_usec=0i,write_usec=0i,busy_usec=0i,queue_usec=0i,in_flight=2i,"
        "read_merges=0i,write_merges=0i,discard_merges=0i,discard_usec=0i,flush_ops=0i,flush_usec=0i 1\n");
}

TEST_CASE("kernels that do not count discards") {
    OneDisk host;
    CHECK(
        host.lines("8 0 sda 10 1 20 5 30 2 40 6 0 7 8\n") ==
        "host_io,device=sda read_bytes=10240i,write_bytes=20480i,read_ops=10i,write_ops=30i,read_usec=5000i,"
        "write_usec=6000i,busy_usec=7000i,queue_usec=8000i,in_flight=0i,read_merges=1i,write_merges=2i "
        "1\n");
}

TEST_CASE("kernels that count discards and no flushes") {
    OneDisk host;
    const std::string line = host.lines("8 0 sda 10 1 20 5 30 2 40 6 0 7 8 3 4 50 1\n");
    CHECK(test::count_of(line, "discard_merges=4i,discard_usec=1000i 1\n") == 1);
    CHECK(test::count_of(line, "flush") == 0);
}

TEST_CASE("devices that map a file or memory, and unused devices, are left out") {
    TempTree tree;
    const text::NameGlobs globs;
    DeviceNames devices(tree.fd());
    HostIo host_io(tree.fd(), globs, devices);
    std::string text;
    int minor = 0;
    for (const std::string name :
         {"loop0", "loop12", "ram3", "zram0", "zd0", "dm-3", "md127", "nvme0n1", "ramdisk"}) {
        add_disk(tree, "9:" + std::to_string(minor));
        text += "9 " + std::to_string(minor++) + " " + name + " 1 0 8 0 0 0 0 0 0 0 0 0 0 0 0\n";
    }
    add_disk(tree, "11:0");
    text += "11 0 sr0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n";
    const std::string found = lines(host_io, text);
    CHECK(test::count_of(found, "\n") == 5);
    for (const std::string name : {"zd0", "dm-3", "md127", "nvme0n1", "ramdisk"})
        CHECK(test::count_of(found, "host_io,device=" + name + " ") == 1);
}

TEST_CASE("incomplete or malformed lines are no disks") {
    OneDisk host;
    for (const std::string none :
         {"", "\n", "8 0 sda 10 1 20 5 30 2 40 6 0 7 8", "8 0 sda 10 1 20 5 30 2 40 6 0 7\n",
          "8 0 sda 1 2 3 4\n", "x 0 sda 10 1 20 5 30 2 40 6 0 7 8\n",
          "8 -1 sda 10 1 20 5 30 2 40 6 0 7 8\n"}) {
        CAPTURE(none);
        CHECK(host.lines(none).empty());
    }
}

TEST_CASE("a malformed or too large value is absent; the others stay") {
    OneDisk host;
    CHECK(host.lines("8 0 sda x 1 18014398509481984 5 -3 2 18014398509481983 6 0 7 8\n") ==
          "host_io,device=sda write_bytes=9223372036854775296i,read_usec=5000i,write_usec=6000i,"
          "busy_usec=7000i,queue_usec=8000i,in_flight=0i,read_merges=1i,write_merges=2i 1\n");
    const std::string line = host.lines("8 0 sda 10 x 20 9223372036854775807 30 2 40 6 -1 7 8\n");
    CHECK(test::count_of(line, "write_usec=6000i,busy_usec=7000i,queue_usec=8000i,write_merges=2i 1\n") == 1);
    CHECK(test::count_of(line, "read_usec") + test::count_of(line, "in_flight") == 0);
}

TEST_CASE("a disk appears as soon as sysfs lists it") {
    TempTree tree;
    const text::NameGlobs globs;
    DeviceNames devices(tree.fd());
    HostIo host_io(tree.fd(), globs, devices);
    const std::string text = "8 0 sda 10 1 20 5 30 2 40 6 0 7 8\n";
    CHECK(lines(host_io, text).empty());
    add_disk(tree, "8:0");
    CHECK(lines(host_io, text).starts_with(sda));
}

TEST_CASE("sysfs is read once per disk, and again if the disk was removed or has a new number") {
    OneDisk host;
    const std::string text = "8 0 sda 10 1 20 5 30 2 40 6 0 7 8\n";
    CHECK(host.lines(text).starts_with(sda));
    add_partition(host.tree, "8:0");
    CHECK(host.lines(text).starts_with(sda)); // cached
    CHECK(host.lines("8 16 sda 10 1 20 5 30 2 40 6 0 7 8\n").empty());
    CHECK(host.lines(text).empty());
    host.tree.remove("sys/dev/block/8:0/partition");
    CHECK(host.lines("").empty());
    CHECK(host.lines(text).starts_with(sda));
}

TEST_CASE("globs add devices and leave them out") {
    OneDisk host;
    add_disk(host.tree, "7:0");
    add_partition(host.tree, "8:1");
    add_partition(host.tree, "8:2");
    host.globs = {{"loop*", "sda1"}, {"sda"}};
    const std::string lines = host.lines("8 0 sda 10 1 20 5 30 2 40 6 0 7 8\n"
                                         "8 1 sda1 10 1 20 5 30 2 40 6 0 7 8\n"
                                         "8 2 sda2 10 1 20 5 30 2 40 6 0 7 8\n"
                                         "7 0 loop0 10 1 20 5 30 2 40 6 0 7 8\n");
    CHECK(test::count_of(lines, "\n") == 2);
    CHECK(test::count_of(lines, "device=sda1 ") == 1);
    CHECK(test::count_of(lines, "device=loop0 ") == 1);
}

TEST_CASE("a device with a name that line protocol can't hold has its number") {
    OneDisk host;
    CHECK(host.lines("8 0 sd\001 10 1 20 5 30 2 40 6 0 7 8\n").starts_with("host_io,device=8:0 "));
}

TEST_CASE("a glob matches the number that such a device is shown with") {
    OneDisk host;
    host.globs.exclude = {"8:0"};
    CHECK(host.lines("8 0 sd\001 10 1 20 5 30 2 40 6 0 7 8\n").empty());
    OneDisk other;
    other.globs.exclude = {"sd*"};
    CHECK(other.lines("8 0 sd\001 10 1 20 5 30 2 40 6 0 7 8\n").starts_with("host_io,device=8:0 "));
}

TEST_CASE("a mapped device has its lasting path") {
    OneDisk host;
    std::filesystem::create_directories(host.tree.path() / "sys/block/dm-0/dm");
    std::filesystem::create_directories(host.tree.path() / "sys/dev/block");
    std::filesystem::create_symlink("../../block/dm-0", host.tree.path() / "sys/dev/block/253:0");
    host.tree.write("sys/block/dm-0/dm/name", "pve-root\n");
    CHECK(host.lines(" 253 0 dm-0 1 0 8 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n")
              .find(",device_path=\"/dev/mapper/pve-root\",") != std::string::npos);
}
