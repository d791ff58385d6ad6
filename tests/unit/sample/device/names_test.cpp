// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/device/names.hpp"

#include "support/temp_tree.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

using namespace lxcmon;
using namespace lxcmon::sample;
using test::TempTree;

namespace {

/// A block device as sysfs shows it: a folder, and a link to it by number.
void add_device(const TempTree& tree, const std::string& number, const std::string& name) {
    std::filesystem::create_directories(tree.path() / "sys/devices/virtual/block" / name);
    std::filesystem::create_directories(tree.path() / "sys/dev/block");
    std::filesystem::create_symlink("../../devices/virtual/block/" + name,
                                    tree.path() / "sys/dev/block" / number);
}

} // namespace

TEST_CASE("names of block devices") {
    const TempTree tree;
    std::filesystem::create_directories(tree.path() / "sys/dev/block");
    const auto link = [&](const char* number, const char* target) {
        std::filesystem::create_symlink(target, tree.path() / "sys/dev/block" / number);
    };
    link("8:0", "../../devices/pci0000:00/ata1/block/sda");
    link("104:0", "../../devices/pci0000:00/cciss0/block/cciss!c0d0");
    link("259:1", "../../devices/x/nvme0n1/nvme0n1p1");
    DeviceNames names(tree.fd());
    CHECK(names.find("8:0").shown == "sda");
    CHECK(names.find("104:0").shown == "cciss/c0d0");
    CHECK(names.find("259:1").shown == "nvme0n1p1");
    CHECK(names.find("8:99").shown == "8:99");

    // A name is cached until the next tick.
    std::filesystem::remove(tree.path() / "sys/dev/block/8:0");
    link("8:99", "../../devices/y/block/sdz");
    CHECK(names.find("8:0").shown == "sda");
    CHECK(names.find("8:99").shown == "8:99");
    names.forget();
    CHECK(names.find("8:0").shown == "8:0");
    CHECK(names.find("8:99").shown == "sdz");
}

TEST_CASE("a name that can't be read for a moment stays, and was never one if it was not known") {
    const TempTree tree;
    add_device(tree, "8:0", "sda");
    tree.write("sys/dev/block/8:1", ""); // readlink(): EINVAL
    DeviceNames names(tree.fd());
    CHECK(names.find("8:0").is_there);
    CHECK(names.find("8:1").shown == "8:1");
    CHECK_FALSE(names.find("8:1").is_there);
    std::filesystem::remove(tree.path() / "sys/dev/block/8:0");
    tree.write("sys/dev/block/8:0", "");
    names.forget();
    CHECK(names.find("8:0").shown == "sda");
    CHECK(names.find("8:0").is_there);
    std::filesystem::remove(tree.path() / "sys/dev/block/8:0");
    names.forget();
    CHECK(names.find("8:0").shown == "8:0");
    CHECK_FALSE(names.find("8:0").is_there);
}

TEST_CASE(
    "block devices that a glob leaves out are not wanted, and unusual names are replaced by the number") {
    const TempTree tree;
    std::filesystem::create_directories(tree.path() / "sys/dev/block");
    std::filesystem::create_symlink("../../block/sda", tree.path() / "sys/dev/block/8:0");
    std::filesystem::create_symlink("../../block/s\001", tree.path() / "sys/dev/block/8:1");
    std::filesystem::create_symlink("../../block/sr0", tree.path() / "sys/dev/block/11:0");
    DeviceNames names(tree.fd(), {{}, {"sr*"}});
    for (int tick = 0; tick < 2; ++tick) {
        CHECK(names.find("8:0").shown == "sda");
        CHECK(names.find("8:1").shown == "8:1");
        CHECK_FALSE(names.find("11:0").is_wanted);
        CHECK_FALSE(names.find("11:0").is_wanted);
        names.forget();
    }
}

TEST_CASE("a mapped device has its name of /dev/mapper, and others have no path") {
    const TempTree tree;
    add_device(tree, "253:7", "dm-7");
    add_device(tree, "8:0", "sda");
    tree.write("sys/devices/virtual/block/dm-7/dm/name", "pve-vm--101--disk--0\n");
    DeviceNames names(tree.fd());
    CHECK(names.find("253:7").shown == "dm-7");
    CHECK(names.find(253, 7).path == "/dev/mapper/pve-vm--101--disk--0");
    CHECK(names.find("8:0").path.empty());
    CHECK(names.find("253:99").path.empty());
    CHECK(names.find("253:99").name.empty());
}

TEST_CASE("a volume of ZFS has its link below /dev/zvol, which udev has made") {
    const TempTree tree;
    add_device(tree, "230:16", "zd16");
    add_device(tree, "230:32", "zd32");
    tree.write("run/udev/data/b230:16",
               "S:disk/by-id/x\nS:zvol/rpool/data/vm-101-disk-0\nI:42\nE:ID_FS_TYPE=ext4\n");
    DeviceNames names(tree.fd());
    CHECK(names.find("230:16").path == "/dev/zvol/rpool/data/vm-101-disk-0");
    CHECK(names.find("230:32").path.empty()); // udev has not seen it yet
}

TEST_CASE("a name that line protocol can't hold, or that is cut, gives no path") {
    const TempTree tree;
    add_device(tree, "253:1", "dm-1");
    for (const std::string bad : {"", "\n", "no-end", "with\001control\n"}) {
        CAPTURE(bad);
        tree.write("sys/devices/virtual/block/dm-1/dm/name", bad);
        CHECK(DeviceNames(tree.fd()).find("253:1").path.empty());
    }
}

TEST_CASE("a device that is made of others is stacked, a disk is not") {
    const TempTree tree;
    const auto folder = [&](const std::string& name) {
        return tree.path() / "sys/devices/virtual/block" / name / "slaves";
    };
    add_device(tree, "253:7", "dm-7");
    add_device(tree, "9:0", "md0");
    add_device(tree, "8:0", "sda");
    add_device(tree, "7:1", "loop1");
    for (const std::string name : {"dm-7", "md0", "sda", "loop1"})
        std::filesystem::create_directories(folder(name));
    std::filesystem::create_symlink("../../sda", folder("md0") / "sda");
    DeviceNames names(tree.fd());
    CHECK(names.find("9:0").is_stacked);
    CHECK(names.find("7:1").is_stacked);
    CHECK_FALSE(names.find("8:0").is_stacked);
    CHECK_FALSE(names.find("8:99").is_stacked);
    CHECK_FALSE(names.find("253:7").is_stacked);
    // A new table: seen soon.
    std::filesystem::create_symlink("../../md0", folder("dm-7") / "md0");
    for (int tick = 0; tick < 6; ++tick) {
        names.forget();
        CHECK(names.find("9:0").is_stacked);
        CHECK(names.find("253:7").is_stacked == (tick == 5));
    }
}

TEST_CASE("another device with the same number has its own path at once, a renamed one soon") {
    const TempTree tree;
    add_device(tree, "253:7", "dm-7");
    const std::string file = "sys/devices/virtual/block/dm-7/dm/name";
    tree.write(file, "first\n");
    DeviceNames names(tree.fd());
    CHECK(names.find("253:7").path == "/dev/mapper/first");
    names.forget();
    // Kept, so that the new folder has another inode.
    std::filesystem::rename(tree.path() / "sys/devices/virtual/block/dm-7", tree.path() / "sys/gone");
    tree.write(file, "second\n");
    CHECK(names.find("253:7").path == "/dev/mapper/second");
    tree.write(file, "renamed\n");
    int ticks = 0;
    do {
        names.forget();
        ++ticks;
    } while (names.find("253:7").path != "/dev/mapper/renamed" && ticks < 100);
    CHECK(ticks == 6);
}
