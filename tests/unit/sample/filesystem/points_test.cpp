// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/encoded.hpp"

#include "sample/filesystem/points.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>

using namespace lxcmon;
using namespace lxcmon::sample;

namespace {

constexpr FieldRange container_rows = fields_of("lxc_fs");

std::string fs_line(const Filesystem& values, const std::string& source = "/dev/sda1",
                    const std::string& type = "ext4", FieldRange measurement = container_rows,
                    const std::string& block_device = "", bool is_shared = false) {
    const auto reply = std::make_unique<FilesystemReply>();
    Filesystem* const added = reply->add({1, 2, false, "/", source, type});
    REQUIRE(added != nullptr);
    Filesystem whole = values;
    whole.mount_point = added->mount_point;
    whole.source = added->source;
    whole.type = added->type;
    PointBuffer points;
    std::string buffer;
    add_filesystem_point(whole, clean_names(*reply, whole, buffer, points), {block_device, is_shared},
                         measurement, {}, 5, points);
    return test::encoded(points);
}

Filesystem filesystem() {
    Filesystem values;
    values.block_bytes = 4096;
    values.blocks = 1000;
    values.blocks_free = 500;
    values.blocks_available = 300; // 200 are reserved for root
    values.inodes = 100;
    values.inodes_free = 40;
    return values;
}

} // namespace

TEST_CASE("values of a filesystem, as in df") {
    CHECK(fs_line(filesystem()) ==
          "lxc_fs,device=/dev/sda1,fstype=ext4,mountpoint=/ total_bytes=4096000i,used_bytes=2048000i,"
          "free_bytes=2048000i,available_bytes=1228800i,used_percent=62.5,inodes_total=100i,inodes_used=60i,"
          "inodes_free=40i,readonly=false,shared=false 5\n");
    CHECK(fs_line(filesystem(), "", "", container_rows, "", true).ends_with("shared=true 5\n"));
    Filesystem root = filesystem();
    root.readonly = true;
    CHECK(fs_line(root).find("readonly=true") != std::string::npos);
    CHECK(fs_line(filesystem(), "", "").starts_with("lxc_fs,mountpoint=/ "));
}

TEST_CASE("each byte of a flag in a helper's answer is true or false") {
    Filesystem root = filesystem();
    static_assert(sizeof root.readonly == 1);
    auto* const byte = static_cast<unsigned char*>(static_cast<void*>(&root.readonly));
    for (const int value : {0, 1, 2, 0x80, 0xFF}) {
        *byte = static_cast<unsigned char>(value);
        CHECK(static_cast<int>(static_cast<bool>(root.readonly)) == (value == 0 ? 0 : 1));
    }
}

TEST_CASE("a filesystem without a fixed number of inodes has no inode fields") {
    Filesystem root = filesystem();
    root.inodes = root.inodes_free = 0;
    CHECK(fs_line(root).find("inodes") == std::string::npos);
    CHECK(fs_line(root).find("used_percent=62.5") != std::string::npos);
    root.inodes = 10;
    root.inodes_free = 11;
    CHECK(fs_line(root).find("inodes") == std::string::npos);
}

TEST_CASE(
    "a filesystem that could not be read, has no blocks or more free blocks than blocks gives no point") {
    Filesystem root = filesystem();
    root.error = ENOTCONN;
    CHECK(fs_line(root).empty());
    root = filesystem();
    root.blocks = root.blocks_free = root.blocks_available = 0;
    CHECK(fs_line(root).empty());
    root = filesystem();
    root.blocks_free = 1001;
    CHECK(fs_line(root).empty());
}

TEST_CASE("a full filesystem is at 100 %, a filesystem with reserved blocks only has no used_percent") {
    Filesystem root = filesystem();
    root.blocks_free = 200;
    root.blocks_available = 0;
    CHECK(fs_line(root).find("used_percent=100,") != std::string::npos);
    root.blocks_free = root.blocks;
    CHECK(fs_line(root).find("used_percent") == std::string::npos);
    CHECK(fs_line(root).find("used_bytes=0i") != std::string::npos);
}

TEST_CASE("a negative number of available blocks is left out") {
    Filesystem root = filesystem();
    root.blocks_available = static_cast<std::uint64_t>(-5);
    CHECK(fs_line(root).find("available_bytes") == std::string::npos);
    CHECK(fs_line(root).find("used_percent") == std::string::npos);
    CHECK(fs_line(root).find("used_bytes=") != std::string::npos);
    root.block_bytes = 0;
    CHECK(fs_line(root).empty());
}

TEST_CASE("sizes beyond the field's range are clamped") {
    Filesystem root = filesystem();
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

TEST_CASE("the host's filesystems have the same values, and are not shared") {
    std::string of_container = fs_line(filesystem());
    const std::string shared = ",shared=false";
    of_container.erase(of_container.find(shared), shared.size());
    CHECK(fs_line(filesystem(), "/dev/sda1", "ext4", fields_of("host_fs")) ==
          "host" + of_container.substr(3));
}

TEST_CASE("a reply holds a limited number of filesystems and bytes of text") {
    const auto reply = std::make_unique<FilesystemReply>();
    for (std::size_t index = 0; index < max_filesystems; ++index)
        CHECK(reply->add({1, 2, false, "/m" + std::to_string(index), "d", "ext4"}) != nullptr);
    CHECK(reply->add({1, 2, false, "/", "d", "ext4"}) == nullptr);
    CHECK(reply->text(reply->filesystems[63].mount_point) == "/m63");
    CHECK(reply->is_whole(reply->sent_bytes()));

    reply->clear();
    const std::string longest(max_mount_text, 'x');
    std::size_t added = 0;
    while (reply->add({1, 2, false, longest, longest, longest}) != nullptr)
        ++added;
    CHECK(added == reply->texts.size() / (3 * max_mount_text));
    CHECK(reply->is_whole(reply->sent_bytes()));
}

TEST_CASE("an invalid reply is detected") {
    const auto reply = std::make_unique<FilesystemReply>();
    REQUIRE(reply->add({1, 2, false, "/a", "d", "ext4"}) != nullptr);
    const std::size_t length = reply->sent_bytes();
    CHECK(reply->is_whole(length));
    CHECK_FALSE(reply->is_whole(length - 1));
    CHECK_FALSE(reply->is_whole(length + 1));
    CHECK_FALSE(reply->is_whole(0));
    reply->filesystems[0].type.length += 1;
    CHECK_FALSE(reply->is_whole(length));
    reply->filesystems[0].type = {UINT32_MAX, 2};
    CHECK_FALSE(reply->is_whole(length));
    reply->filesystems[0].type = {};
    CHECK(reply->is_whole(length));
    reply->count = max_filesystems + 1;
    CHECK_FALSE(reply->is_whole(length));
}

TEST_CASE("the block device of a filesystem, if it has one") {
    CHECK(fs_line(filesystem(), "/dev/mapper/pve-root", "ext4", container_rows, "dm-1")
              .find(",block_device=\"dm-1\"") != std::string::npos);
    CHECK(fs_line(filesystem()).find("block_device") == std::string::npos);
}

TEST_CASE("a filesystem has the name of its disk device, if its manager has one") {
    const auto reply = std::make_unique<FilesystemReply>();
    Filesystem* const added = reply->add({1, 2, false, "/", "/dev/sda1", "ext4"});
    REQUIRE(added != nullptr);
    Filesystem whole = filesystem();
    whole.mount_point = added->mount_point;
    PointBuffer points;
    std::string buffer;
    const auto names = clean_names(*reply, whole, buffer, points);
    add_filesystem_point(whole, names, {"", true, "root"}, container_rows, {}, 5, points);
    CHECK(test::encoded(points).find(R"(shared=true,disk_device="root" 5)") != std::string::npos);
}
