// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/captured_reading.hpp"
#include "support/temp_tree.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

using namespace lxcmon;
using namespace lxcmon::sample;
using test::CapturedHost;
using test::CapturedReaders;
using test::Fixture;
using test::TempTree;

namespace {

/// Like FieldValue, with owned texts.
using Value = std::variant<std::int64_t, double, bool, std::string>;
using States = std::map<std::string, Value>;

States fields_of_state(const Readings& readings) {
    PointBuffer points;
    readings.emit(fields_of("lxc_state"), {}, {}, 1, points);
    REQUIRE(points.size() == 1);
    States found;
    for (const Field& field : points[0].fields)
        found.emplace(field.key, std::visit(
                                     [](auto value) -> Value {
                                         if constexpr (std::is_same_v<decltype(value), std::string_view>)
                                             return std::string(value);
                                         else
                                             return value;
                                     },
                                     field.value));
    return found;
}

Container running(const std::string& pid) {
    Container container;
    container.state = "RUNNING";
    container.init_pid = static_cast<pid_t>(std::stol(pid));
    container.restarts = 3;
    return container;
}

States state_of(int root_fd, const std::string& name, const std::string& pid, std::int64_t boottime_ns) {
    CapturedHost host(root_fd);
    CapturedReaders readers(host, name, pid);
    Readings readings;
    const Container container = running(pid); // the state is a view into it
    readers.state.sample(host.buffer, container, test::captured_start_ticks(root_fd, pid), boottime_ns,
                         readings);
    States states = fields_of_state(readings);
    CHECK((std::get<std::string>(states.at("state")) == "FROZEN") == std::get<bool>(states.at("frozen")));
    return states;
}

/// A stat line: fields 4 to 21 contain their field number.
std::string stat_line(const std::string& command, const std::string& start) {
    std::string line = "7 (" + command + ") S";
    for (int field = 4; field < 22; ++field)
        line += " " + std::to_string(field);
    return line + " " + start + " 23 24\n";
}

} // namespace

TEST_CASE("frozen in the files of cgroup v1 and v2") {
    CHECK(parse_frozen_v1("FROZEN\n"));
    for (const std::string text : {"THAWED\n", "FREEZING\n", "FROZEN", "", "FROZEN \n"})
        CHECK_FALSE(parse_frozen_v1(text));
    CHECK(parse_frozen_v2("populated 1\nfrozen 1\n"));
    CHECK(parse_frozen_v2("frozen 1\npopulated 1\n"));
    for (const std::string text :
         {"populated 1\nfrozen 0\n", "populated 1\nfrozen 1", "", "populated 1\n", "frozen 10\n"})
        CHECK_FALSE(parse_frozen_v2(text));
}

TEST_CASE("the captured containers' states match liblxc's at the capture") {
    for (const std::string name : {"v1", "v2", "hybrid"}) {
        CAPTURE(name);
        const Fixture fixture(name);
        for (const auto& captured : fixture.containers()) {
            CAPTURE(captured.name);
            const States states =
                state_of(fixture.root_fd(), captured.name, captured.init_pid, fixture.boottime_ns());
            CHECK(std::get<std::string>(states.at("state")) == captured.state);
            CHECK(states.at("running") == Value(true));
            CHECK(states.at("init_pid") == Value(std::int64_t{std::stol(captured.init_pid)}));
            CHECK(states.at("restarts") == Value(std::int64_t{3}));
            // The containers were started within the machine's first minutes, one after the other.
            CHECK(std::get<std::int64_t>(states.at("uptime_sec")) < fixture.boottime_ns() / 1'000'000'000);
            CHECK(std::get<std::int64_t>(states.at("uptime_sec")) > 0);
        }
    }
}

TEST_CASE("uptime is whole seconds since init's start") {
    const TempTree tree(Fixture("broken/max").directory() / "root");
    tree.write("proc/100/stat", stat_line("(a) b) c)", "1050")); // 10.5 s after boot
    constexpr std::int64_t second = 1'000'000'000;
    CHECK(state_of(tree.fd(), "c", "100", 15 * second).at("uptime_sec") == Value(std::int64_t{4}));
    CHECK(state_of(tree.fd(), "c", "100", 15 * second + second / 2).at("uptime_sec") ==
          Value(std::int64_t{5}));
    CHECK(state_of(tree.fd(), "c", "100", 10 * second + second / 2).at("uptime_sec") ==
          Value(std::int64_t{0}));
    // A time before the start: the clocks of a suspended or restored machine.
    CHECK(state_of(tree.fd(), "c", "100", 10 * second).count("uptime_sec") == 0);

    tree.write("proc/100/stat", stat_line("init", "9223372036854775807"));
    CHECK(state_of(tree.fd(), "c", "100", 15 * second).count("uptime_sec") == 0);
    tree.remove("proc/100/stat");
    const States states = state_of(tree.fd(), "c", "100", 15 * second);
    CHECK(states.count("uptime_sec") == 0);
    CHECK(states.at("state") == Value(std::string("RUNNING")));
}

TEST_CASE("hybrid: frozen through v1 or v2") {
    const Fixture fixture("hybrid");
    const std::string pid = fixture.container("db-2").init_pid;
    const TempTree tree(fixture.directory() / "root");
    CHECK(state_of(tree.fd(), "db-2", pid, 0).at("frozen") == Value(false));
    tree.write("sys/fs/cgroup/unified/lxc.payload.db-2/cgroup.events", "populated 1\nfrozen 1\n");
    CHECK(state_of(tree.fd(), "db-2", pid, 0).at("frozen") == Value(true));
    tree.write("sys/fs/cgroup/unified/lxc.payload.db-2/cgroup.events", "populated 1\nfrozen 0\n");
    tree.write("sys/fs/cgroup/freezer/lxc.payload.db-2/freezer.state", "FROZEN\n");
    CHECK(state_of(tree.fd(), "db-2", pid, 0).at("frozen") == Value(true));
}

TEST_CASE("a stopped container") {
    Container container;
    container.restarts = 2;
    Readings readings;
    sample_stopped(container, "STOPPED", readings);
    CHECK(fields_of_state(readings) == States{{"state", std::string("STOPPED")},
                                              {"running", false},
                                              {"frozen", false},
                                              {"restarts", std::int64_t{2}}});
}
