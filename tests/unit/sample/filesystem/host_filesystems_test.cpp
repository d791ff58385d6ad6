// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/watched_filesystems.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace lxcmon;
using namespace lxcmon::sample;

namespace {

Filesystem of_size(std::uint64_t device, std::uint64_t blocks) {
    Filesystem filesystem;
    filesystem.device = device;
    filesystem.block_bytes = 4096;
    filesystem.blocks = blocks;
    return filesystem;
}

} // namespace

TEST_CASE("a filesystem of the host is shared, a part of it with a quota is not") {
    HostFilesystems host;
    CHECK_FALSE(host.has(of_size(7, 1000)));
    host.add(false, of_size(7, 1000));
    host.add(true, of_size(8, 1000));
    CHECK(host.has(of_size(7, 1000)));
    CHECK(host.has(of_size(7, 1001)));
    CHECK(host.has(of_size(7, 990))); // ZFS: another dataset has grown
    CHECK_FALSE(host.has(of_size(7, 500)));
    CHECK_FALSE(host.has(of_size(9, 1000)));
    CHECK(host.has(of_size(8, 1000)));
    host.begin(false);
    CHECK_FALSE(host.has(of_size(7, 1000)));
    CHECK(host.has(of_size(8, 1000)));
}

TEST_CASE("what the host's last scans had decides, also after it has unmounted all that may hang") {
    test::WatchedFilesystems c; // the container
    SeriesNames names;
    ContainerFilesystems host("the host", 0, names);
    const auto scan_host = [&](bool risky, std::uint64_t device, bool has_risky) {
        const auto reply = std::make_unique<FilesystemReply>();
        reply->has_risky = has_risky;
        Filesystem* const added = reply->add({1, device, risky, risky ? "/net" : "/srv", "d", "ext4"});
        REQUIRE(added != nullptr);
        added->block_bytes = 1, added->blocks = 2;
        NamespaceRequest request;
        host.prepare(request, risky, c.now_ns);
        PointBuffer points;
        host.take(ContainerFilesystems::Outcome::answered, *reply, {}, c.now_ns,
                  {fields_of("host_fs"), {}, {c.now_ns, c.now_ns, c.now_ns}, c.devices, points, c.host});
        CHECK(test::encoded(points).find("shared") == std::string::npos);
    };
    c.add("/", 41);
    const auto is_shared = [&] {
        const std::string line = c.answer();
        REQUIRE(line.find("shared=") != std::string::npos);
        return line.find("shared=true") != std::string::npos;
    };
    CHECK(c.answer().find("shared") == std::string::npos); // not known yet
    scan_host(false, 41, true);
    CHECK(is_shared());
    scan_host(false, 42, true);
    CHECK_FALSE(is_shared());
    scan_host(true, 41, true);
    CHECK(is_shared());
    scan_host(false, 42, true);
    CHECK(is_shared());
    scan_host(false, 42, false);
    CHECK_FALSE(is_shared());
}
