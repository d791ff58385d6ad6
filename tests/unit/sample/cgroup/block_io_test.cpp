// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/captured_reading.hpp"
#include "support/temp_tree.hpp"

#include <doctest/doctest.h>

#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::sample;
using test::CapturedHost;
using test::CapturedReaders;
using test::Fixture;
using test::TempTree;

namespace {

std::vector<DeviceIo> io_stat(std::string_view text) {
    std::vector<DeviceIo> devices;
    parse_io_stat(text, devices);
    return devices;
}

/// read_bytes per device in a captured container's points.
std::map<std::string, std::int64_t> read_bytes_by_device(int root_fd, const std::string& name,
                                                         const std::string& pid) {
    CapturedHost host(root_fd);
    CapturedReaders readers(host, name, pid);
    PointBuffer points;
    readers.block_io.sample(host.buffer, true, host.devices, {}, 1, points);
    std::map<std::string, std::int64_t> by_device;
    for (std::size_t index = 0; index < points.size(); ++index) {
        REQUIRE(points[index].tags.size() == 1);
        REQUIRE(points[index].fields[0].key == "read_bytes");
        by_device[std::string(points[index].tags[0].value)] =
            std::get<std::int64_t>(points[index].fields[0].value);
    }
    return by_device;
}

} // namespace

TEST_CASE("io.stat of a healthy kernel") {
    const auto devices =
        io_stat("8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n259:1 rbytes=7 wbytes=0\n");
    REQUIRE(devices.size() == 2);
    CHECK(devices[0].number == "8:0");
    CHECK(devices[0].read_bytes == 1);
    CHECK(devices[0].write_bytes == 2);
    CHECK(devices[0].read_ops == 3);
    CHECK(devices[0].write_ops == 4);
    CHECK(devices[0].discard_bytes == 5);
    CHECK(devices[0].discard_ops == 6);
    CHECK(devices[1].number == "259:1");
    CHECK(devices[1].write_bytes == 0);
    CHECK_FALSE(devices[1].read_ops);
}

TEST_CASE("unusual lines of io.stat") {
    SUBCASE("several devices on a line: the values belong to the last one") {
        const auto devices = io_stat("8:0 8:16 253:0 rbytes=4\n");
        REQUIRE(devices.size() == 1);
        CHECK(devices[0].number == "253:0");
        CHECK(devices[0].read_bytes == 4);
    }
    SUBCASE("two devices with values on a line") {
        const auto devices = io_stat("8:0 rbytes=4 wios=1 8:16 rbytes=5\n");
        REQUIRE(devices.size() == 2);
        CHECK(devices[0].read_bytes == 4);
        CHECK(devices[1].read_bytes == 5);
        CHECK_FALSE(devices[1].write_ops);
    }
    SUBCASE("the values of a removed device are dropped") {
        CHECK(io_stat("(unknown) rbytes=4 wbytes=5\n").empty());
        const auto devices = io_stat("8:0 (unknown) rbytes=4\n(unknown) 8:16 rbytes=6\n");
        REQUIRE(devices.size() == 1);
        CHECK(devices[0].number == "8:16");
        CHECK(devices[0].read_bytes == 6);
    }
    SUBCASE("a device without values is left out") {
        CHECK(io_stat("").empty());
        CHECK(io_stat("\n \n8:0\n8:16 \n").empty());
        CHECK(io_stat("rbytes=4\n").empty());
    }
    SUBCASE("an incomplete last line is ignored") {
        CHECK(io_stat("8:0 rbytes=4").empty());
        CHECK(io_stat("8:0 rbytes=4\n8:16 rbytes=512").size() == 1);
    }
    SUBCASE("keys of other controllers and malformed numbers") {
        const auto devices = io_stat("8:0 rbytes=x wbytes= rios=99999999999999999999 cost.usage=3 wios=8\n");
        REQUIRE(devices.size() == 1);
        CHECK_FALSE(devices[0].read_bytes);
        CHECK_FALSE(devices[0].write_bytes);
        CHECK_FALSE(devices[0].read_ops);
        CHECK(devices[0].write_ops == 8);
        CHECK(io_stat("8:0 cost.usage=3\n").empty());
    }
}

TEST_CASE("blkio of v1") {
    std::vector<DeviceIo> devices;
    parse_blkio("8:0 Read 10\n8:0 Write 20\n8:0 Sync 30\n8:0 Async 0\n8:0 Discard 5\n8:0 Total 35\nTotal 35\n"
                "8:16 Read 1\n8:16 Write 2",
                false, devices);
    parse_blkio("8:0 Read 3\n8:0 Write 4\n8:0 Discard 6\n8:32 Read 9\nTotal 7\n", true, devices);
    REQUIRE(devices.size() == 3);
    CHECK(devices[0].read_bytes == 10);
    CHECK(devices[0].write_bytes == 20);
    CHECK(devices[0].discard_bytes == 5);
    CHECK(devices[0].read_ops == 3);
    CHECK(devices[0].write_ops == 4);
    CHECK(devices[0].discard_ops == 6);
    CHECK(devices[1].number == "8:16");
    CHECK(devices[1].read_bytes == 1);
    CHECK_FALSE(devices[1].write_bytes); // incomplete line
    CHECK_FALSE(devices[1].read_ops);
    CHECK(devices[2].number == "8:32");
    CHECK_FALSE(devices[2].read_bytes);
    CHECK(devices[2].read_ops == 9);
}

TEST_CASE("only devices whose values are all 0 are dropped") {
    const auto with = [](std::optional<std::int64_t> DeviceIo::*field, std::int64_t value) {
        DeviceIo device{"8:0", 0, 0, 0, 0, {}, {}};
        device.*field = value;
        std::vector<DeviceIo> devices{device};
        drop_uncounted(devices);
        return devices.size();
    };
    for (const auto field : {&DeviceIo::read_bytes, &DeviceIo::write_bytes, &DeviceIo::read_ops,
                             &DeviceIo::write_ops, &DeviceIo::discard_bytes, &DeviceIo::discard_ops}) {
        CHECK(with(field, 0) == 0);
        CHECK(with(field, 1) == 1);
    }
}

TEST_CASE("v1: BFQ's values if the throttle layer counts nothing") {
    const Fixture fixture("hybrid");
    const std::string web1 = fixture.container("web1").init_pid;
    const auto counted = read_bytes_by_device(fixture.root_fd(), "web1", web1);
    REQUIRE(counted.count("vda") == 1);
    CHECK(counted.at("vda") > 0);

    const TempTree tree(fixture.directory() / "root");
    const std::string blkio = "sys/fs/cgroup/blkio/lxc.payload.web1/";
    SUBCASE("neither") {
        tree.remove(blkio + "blkio.bfq.io_service_bytes_recursive");
        tree.remove(blkio + "blkio.bfq.io_serviced_recursive");
        CHECK(read_bytes_by_device(tree.fd(), "web1", web1).empty());
    }
    SUBCASE("both: the values of the throttle layer, which sees every request") {
        tree.write(blkio + "blkio.throttle.io_service_bytes_recursive", "254:16 Read 77\n254:16 Write 0\n");
        tree.write(blkio + "blkio.throttle.io_serviced_recursive", "254:16 Read 7\n254:16 Write 0\n");
        CHECK(read_bytes_by_device(tree.fd(), "web1", web1) ==
              std::map<std::string, std::int64_t>{{"vdb", 77}});
    }
    SUBCASE("a kernel without the throttle layer") {
        tree.remove(blkio + "blkio.throttle.io_service_bytes_recursive");
        tree.remove(blkio + "blkio.throttle.io_serviced_recursive");
        CHECK(read_bytes_by_device(tree.fd(), "web1", web1) == counted);
    }
}

TEST_CASE("v2: a device that is listed but unused has zeros") {
    const TempTree tree(Fixture("v2").directory() / "root");
    tree.write("sys/fs/cgroup/lxc.payload.web1/io.stat",
               "254:0 rbytes=0 wbytes=9 rios=0 wios=1\n254:16 rbytes=0 wbytes=0 rios=0 wios=0\n");
    const auto counted = read_bytes_by_device(tree.fd(), "web1", Fixture("v2").container("web1").init_pid);
    CHECK(counted == std::map<std::string, std::int64_t>{{"vda", 0}, {"vdb", 0}});
}
