// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/captured_reading.hpp"
#include "support/encoded.hpp"
#include "support/temp_tree.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::sample;
using test::CapturedHost;
using test::CapturedReaders;
using test::Fixture;
using test::TempTree;

namespace {

constexpr std::string_view usual = "some avg10=1.25 avg60=0.07 avg300=100.00 total=123456789\n"
                                   "full avg10=0.00 avg60=2.50 avg300=0.01 total=9223372036854775807\n";

/// The line of lxc_pressure for one file's text; empty if it has no value.
std::string line_of(std::string_view text, PressureLines lines = PressureLines::some_and_full) {
    Readings readings;
    parse_pressure(text, field_id("lxc_pressure", "some_avg10"), lines, readings);
    PointBuffer points;
    readings.emit(fields_of("lxc_pressure"), {}, {}, 1, points);
    return test::encoded(points);
}

constexpr const char* limited_cgroup = "sys/fs/cgroup/lxc.payload.limited/";

/// The points of the captured container `limited` in a changed tree.
std::string sampled(const TempTree& tree, const Selection& selection = Selection::everything()) {
    CapturedHost host(tree.fd());
    CapturedReaders readers(host, "limited", Fixture("v2").container("limited").init_pid);
    PointBuffer points;
    points.select(selection);
    readers.pressure.sample(host.buffer, {}, 1, points);
    return test::encoded(points);
}

} // namespace

TEST_CASE("a pressure file has eight values") {
    CHECK(line_of(usual) == "lxc_pressure some_avg10=1.25,some_avg60=0.07,some_avg300=100,"
                            "some_total_usec=123456789i,full_avg10=0,full_avg60=2.5,full_avg300=0.01,"
                            "full_total_usec=9223372036854775807i 1\n");
}

TEST_CASE("the same text gives the host's fields") {
    Readings readings;
    parse_pressure(usual, field_id("host_pressure", "some_avg10"), PressureLines::some_and_full, readings);
    CHECK(readings.integer(field_id("host_pressure", "some_total_usec")) == 123456789);
    CHECK(readings.integer(field_id("host_pressure", "full_total_usec")) == INT64_MAX);
    CHECK_FALSE(readings.integer(field_id("lxc_pressure", "some_total_usec")));
}

TEST_CASE("the full line may be missing or have no meaning") {
    const std::string some = "lxc_pressure some_avg10=0,some_total_usec=5i 1\n";
    CHECK(line_of("some avg10=0.00 total=5\n") == some); // before 5.13, cpu
    CHECK(line_of("some avg10=0.00 total=5\nfull avg10=0.00 total=0\n", PressureLines::some) == some);
}

TEST_CASE("malformed values of a pressure file are left out") {
    for (const std::string_view bad : {"",
                                       "\n",
                                       "some\n",
                                       "some \n",
                                       "some avg10\n",
                                       "some avg10=\n",
                                       "some avg10=-1.00\n",
                                       "some avg10=+1.00\n",
                                       "some avg10=inf\n",
                                       "some avg10=nan\n",
                                       "some avg10=1e3\n",
                                       "some avg10=1.00x\n",
                                       "some avg10=0x10\n",
                                       "some avg10=.5\n",
                                       "some total=-1\n",
                                       "some total=1.5\n",
                                       "some total=9223372036854775808\n",
                                       "some total=\n",
                                       "some avg30=1.00\n",
                                       "most avg10=1.00\n",
                                       " some avg10=1.00\n",
                                       "some avg10=1.00 avg60=2.00 avg300=3.00 total=4"}) {
        CAPTURE(bad);
        CHECK(line_of(bad).empty());
    }
    // A malformed value does not affect the other values.
    CHECK(line_of("some avg10=x avg60=1.00 avg300= total=7\nfull total=max avg10=2.00\n") ==
          "lxc_pressure some_avg60=1,some_total_usec=7i,full_avg10=2 1\n");
}

TEST_CASE("a container has one point per resource") {
    const TempTree tree(Fixture("v2").directory() / "root");
    const std::string path = limited_cgroup;
    tree.write(path + "cpu.pressure", "some total=1\nfull total=2\n");
    tree.write(path + "memory.pressure", "some total=3\nfull total=4\n");
    tree.write(path + "io.pressure", "some total=5\nfull total=6\n");
    CHECK(sampled(tree) == "lxc_pressure,resource=cpu some_total_usec=1i,full_total_usec=2i 1\n"
                           "lxc_pressure,resource=memory some_total_usec=3i,full_total_usec=4i 1\n"
                           "lxc_pressure,resource=io some_total_usec=5i,full_total_usec=6i 1\n");
    CHECK(sampled(tree, Selection::of(std::vector<std::string>{"lxc_pressure.full_*"})) ==
          "lxc_pressure,resource=cpu full_total_usec=2i 1\n"
          "lxc_pressure,resource=memory full_total_usec=4i 1\n"
          "lxc_pressure,resource=io full_total_usec=6i 1\n");
}

TEST_CASE("no point if PSI is off, no file opened if not selected") {
    const TempTree tree(Fixture("v2").directory() / "root");
    const std::string path = limited_cgroup;
    tree.remove(path + "cpu.pressure");
    tree.remove(path + "io.pressure");
    tree.remove(path + "memory.pressure");
    std::filesystem::create_directory(tree.path() / (path + "memory.pressure")); // can't be read
    CHECK(sampled(tree).empty());

    CapturedHost host(tree.fd());
    tree.write(path + "cpu.pressure", "some total=1\n");
    host.budget = io::FdBudget(0);
    CapturedReaders readers(host, "limited", Fixture("v2").container("limited").init_pid);
    PointBuffer points;
    points.select(Selection::of(std::vector<std::string>{"lxc_cpu"}));
    readers.pressure.sample(host.buffer, {}, 1, points);
    CHECK(points.empty());
    CHECK_FALSE(host.budget.newly_exhausted()); // no descriptor was requested
}

TEST_CASE("hybrid: pressure from the v2 hierarchy; v1: no pressure") {
    const auto count = [](const std::string& fixture_name) {
        const Fixture fixture(fixture_name);
        CapturedHost host(fixture.root_fd());
        CapturedReaders readers(host, "web1", fixture.container("web1").init_pid);
        PointBuffer points;
        readers.pressure.sample(host.buffer, {}, 1, points);
        return points.size();
    };
    CHECK(count("v2") == 3);
    CHECK(count("hybrid") == 3);
    CHECK(count("v1") == 0);
}
