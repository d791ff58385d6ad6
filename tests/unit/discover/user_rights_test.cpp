// SPDX-License-Identifier: GPL-2.0-or-later
// The process that asks liblxc for a user.
#include "support/child.hpp"
#include "support/encoded.hpp"
#include "support/log_capture.hpp"
#include "support/user_monitor.hpp"
#include "support/user_path.hpp"

#include "discover/user_rights.hpp"
#include "io/unique_fd.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <thread>

using namespace lxcmon::discover;
using lxcmon::io::UniqueFd;
using lxcmon::test::Child;
using lxcmon::test::claims;
using lxcmon::test::count_of;
using lxcmon::test::LogCapture;
using lxcmon::test::lxc_user;
using lxcmon::test::names_after_refresh;
using lxcmon::test::TableNames;
using lxcmon::test::UserMonitor;
using lxcmon::test::UserPath;

namespace {

std::string content(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Waits until `made` returns something true, for ten seconds.
template <typename Made>
auto soon(const Made& made) {
    auto result = made();
    for (int round = 0; round < 1000 && !result; ++round) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        result = made();
    }
    return result;
}

/// The child of a process with this line in its status; 0 if there is none for ten seconds.
pid_t child_of(pid_t parent, const std::string& line) {
    const std::string file =
        "/proc/" + std::to_string(parent) + "/task/" + std::to_string(parent) + "/children";
    return soon([&] {
        std::istringstream children(content(file));
        for (pid_t each = 0; children >> each;)
            if (content("/proc/" + std::to_string(each) + "/status").find(line) != std::string::npos)
                return each;
        return pid_t{0};
    });
}

/// The writing end of a FIFO that a process has opened for reading.
int open_when_read(const std::string& fifo) {
    return soon([&] { return ::open(fifo.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC) + 1; }) - 1;
}

/// The folder that a process takes for the locks of liblxc.
std::string lock_folder_of(uid_t user) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    const UniqueFd reader(ends[0]), writer(ends[1]);
    const Child process(0, [&] {
        const std::string refusal = take_rights_of({user, user});
        const std::string folder = refusal.empty() ? ::getenv("XDG_RUNTIME_DIR") : "";
        return ::write(writer.get(), folder.data(), folder.size()) == static_cast<ssize_t>(folder.size());
    });
    std::array<char, PATH_MAX> text{};
    REQUIRE(::read(reader.get(), text.data(), text.size() - 1) > 0);
    return text.data();
}

} // namespace

TEST_SUITE_BEGIN("needs root");

TEST_CASE("the process for a user has that user's rights; root's is another one") {
    const UserPath place;
    const gid_t group_of_the_agent = 4321;
    REQUIRE(::setgroups(1, &group_of_the_agent) == 0);
    ContainerTable table(place.settings());
    table.refresh();
    REQUIRE(::setgroups(0, nullptr) == 0);
    REQUIRE(table.liblxc_pid(lxc_user) > 0);
    REQUIRE(table.liblxc_pid(0) > 0);
    const std::string process = "/proc/" + std::to_string(table.liblxc_pid(lxc_user));
    const std::string status = content(process + "/status");
    for (const char* expected :
         {"\nUid:\t65534\t65534\t65534\t65534\n", "\nGid:\t65534\t65534\t65534\t65534\n", "\nGroups:\t \n",
          "\nCapPrm:\t0000000000000000\n", "\nCapEff:\t0000000000000000\n", "\nNoNewPrivs:\t1\n"})
        CHECK_MESSAGE(status.find(expected) != std::string::npos, expected << status);
    const std::string limits = content(process + "/limits");
    for (const char* expected : {"\nMax file size             1048576              1048576 ",
                                 "\nMax core file size        0                    0 "})
        CHECK_MESSAGE(limits.find(expected) != std::string::npos, expected << limits);
    const auto number_after = [](const std::string& text, const std::string& word) {
        const std::size_t at = text.find(word);
        REQUIRE_MESSAGE(at != std::string::npos, text);
        return std::strtoull(text.c_str() + at + word.size(), nullptr, 10);
    };
    const auto most = number_after(limits, "\nMax address space"); // 0 for "unlimited"
    CHECK(most > 0);
    CHECK(most <= (number_after(status, "\nVmPeak:") << 10U) + (128U << 20U));
    struct stat memory {};
    REQUIRE(::stat((process + "/mem").c_str(), &memory) == 0);
    CHECK(memory.st_uid == 0); // not dumpable
}

TEST_CASE("the process for a user ends with the agent, even if liblxc hangs in it") {
    const UserPath place;
    const std::string fifo = place.path() + "/fifo";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    place.define("bad", "lxc.include = " + fifo + "\n");
    Child agent(0, {}, [&] {
        DiscoverSettings settings = place.settings();
        settings.liblxc.deadline = settings.liblxc.first_wait = std::chrono::minutes(5);
        ContainerTable(settings).refresh();
    });
    const pid_t hung = child_of(agent.pid(), "NoNewPrivs:\t1\n");
    REQUIRE(hung > 0);
    const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, hung, 0)));
    const UniqueFd writer(open_when_read(fifo)); // it waits for what is never written
    REQUIRE(writer);
    agent.end();
    CHECK(lxcmon::test::ends_soon(pidfd.get()));
}

TEST_CASE("another user's folder is not used for the locks of liblxc") {
    const uid_t user = 4'000'000'000U + static_cast<uid_t>(::getpid()); // nobody else has it
    const std::string expected = "/tmp/lxcmon-lxc-" + std::to_string(user);
    REQUIRE(::mkdir(expected.c_str(), 0755) == 0); // root's
    const std::string others = expected + "-others";
    REQUIRE(::mkdir(others.c_str(), 0755) == 0);
    const std::string used = lock_folder_of(user);
    CHECK(used.starts_with(expected + "-"));
    CHECK(used != others);
    CHECK(lock_folder_of(user) == used); // not one more for each process
    REQUIRE(::chmod(used.c_str(), 0777) == 0);
    const std::string next = lock_folder_of(user);
    CHECK(next.starts_with(expected + "-"));
    CHECK(next != used);
    for (const std::string& folder : {expected, others, used, next})
        std::filesystem::remove(folder);
}

TEST_CASE("a process is the init of one container, although all monitors of a user's name it") {
    const UserPath place;
    const Child init(0, [] { return ::setgid(lxc_user) == 0 && ::setuid(lxc_user) == 0; });
    place.define("bad");
    place.define("web");
    const UserMonitor first(lxc_user, place.path(), "web", claims(init.pid()));
    LogCapture log;
    ContainerTable table(place.settings());
    REQUIRE(names_after_refresh(table) == TableNames{"steady", "bad", "good", "web"});
    const UserMonitor second(lxc_user, place.path(), "bad", claims(init.pid()));
    for (int round = 0; round < 2; ++round)
        CHECK(names_after_refresh(table) == TableNames{"steady", "good", "web"});
    CHECK(count_of(log.take(), "container bad of " + place.path() + ": its monitor names process " +
                                   std::to_string(init.pid()) +
                                   " as its init, which is that of container web of " + place.path()) == 1);
}

TEST_SUITE_END();
