// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/captured_reading.hpp"

#include "encode/line_protocol.hpp"
#include "sample/container_tags.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::sample;
using test::CapturedContainer;
using test::CapturedHost;
using test::CapturedReaders;
using test::Fixture;

namespace {

constexpr std::int64_t wall_ns = 1'700'000'000'000'000'000;
constexpr std::int64_t monotonic_ns = 5'000'000'000;

/// Samples like ContainerSampler.
void add_points(const Fixture& fixture, CapturedReaders& readers, const Container& container,
                const ContainerTags& tags, PointBuffer& points) {
    Readings readings;
    CHECK_FALSE(readers.cgroups.read(readers.host.buffer, {}, readings));
    readers.cpu.sample(readers.host.buffer, monotonic_ns, true, readings);
    readers.limits_above.hold(readers.branches, {readers.cpu.own_limit_cores(), readers.cpu.usable_cpus()},
                              readers.host.buffer, monotonic_ns, readings);
    derive_memory(readings);
    readers.state.sample(readers.host.buffer, container,
                         test::captured_start_ticks(fixture.root_fd(), std::to_string(container.init_pid)),
                         fixture.boottime_ns(), readings);
    for (const FieldRange range :
         {fields_of("lxc_cpu"), fields_of("lxc_memory"), fields_of("lxc_pids"), fields_of("lxc_state")})
        readings.emit(range, tags.all(), {}, wall_ns, points);
    readers.block_io.sample(readers.host.buffer, true, readers.host.devices, tags.all(), wall_ns, points);
    readers.pressure.sample(readers.host.buffer, tags.all(), wall_ns, points);
    readers.hugetlb.sample(readers.host.buffer, true, tags.all(), wall_ns, points);
}

std::string lines_of(const Fixture& fixture, CapturedHost& host, const CapturedContainer& captured) {
    Container container;
    container.name = captured.name;
    container.state = "RUNNING"; // liblxc reports it for a frozen container, too
    container.init_pid = static_cast<pid_t>(std::stol(captured.init_pid));
    const ContainerTags tags(CommonTags{"captured", {}}, container);
    CapturedReaders readers(host, captured.name, captured.init_pid);
    PointBuffer points;
    add_points(fixture, readers, container, tags, points);
    std::string text;
    for (std::size_t index = 0; index < points.size(); ++index)
        CHECK(encode::append_line_protocol(text, points[index]));
    CHECK(text.find(" state=\"" + captured.state + "\"") != std::string::npos);
    return text;
}

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);)
        lines.push_back(line);
    return lines;
}

} // namespace

// expected.lp comes from tests/support/expect_fixture.py, which shares no code with src.
TEST_CASE("every captured host gives the lines of an independent implementation") {
    for (const std::string& name : test::fixture_names()) {
        CAPTURE(name);
        const Fixture fixture(name);
        const std::string expected = test::text_of_file(fixture.directory() / "expected.lp");
        REQUIRE_FALSE(expected.empty());
        CapturedHost host(fixture.root_fd());
        std::string actual;
        for (const CapturedContainer& captured : fixture.containers())
            actual += lines_of(fixture, host, captured);
        const auto expected_lines = split(expected);
        const auto actual_lines = split(actual);
        for (std::size_t at = 0; at < expected_lines.size() && at < actual_lines.size(); ++at)
            CHECK(actual_lines[at] == expected_lines[at]);
        CHECK(actual_lines.size() == expected_lines.size());
        CHECK((actual == expected));
    }
}

TEST_CASE("files reopened on every read, without a descriptor budget, give the same lines") {
    const Fixture fixture("hybrid");
    CapturedHost host(fixture.root_fd());
    host.budget = io::FdBudget(0);
    std::string actual;
    for (const CapturedContainer& captured : fixture.containers())
        actual += lines_of(fixture, host, captured);
    CHECK((actual == test::text_of_file(fixture.directory() / "expected.lp")));
    CHECK(host.budget.newly_exhausted());
    CHECK_FALSE(host.budget.newly_exhausted());
}

// Values from the set-up (fixtures/README.md): finds errors that both implementations share.
TEST_CASE("the limits of the container `limited`") {
    for (const std::string name : {"v1", "v2", "hybrid"}) {
        CAPTURE(name);
        const Fixture fixture(name);
        CapturedHost host(fixture.root_fd());
        const std::string text = lines_of(fixture, host, fixture.container("limited"));
        for (const std::string field :
             {",limit_cores=0.5,", ",own_limit_cores=0.5,", ",limit_bytes=67108864i,",
              ",own_limit_bytes=67108864i,", ",limit=50i,", ",own_limit=50i,", ",oom_kill=1i", ",cpus=2i,",
              ",device=vda,"}) {
            CAPTURE(field);
            CHECK(text.find(field) != std::string::npos);
        }
        CHECK((text.find("swap_limit_bytes=33554432i") != std::string::npos) == (fixture.name() == "v2"));
        CHECK(text.find("events_max=0i") == std::string::npos);
    }
}
