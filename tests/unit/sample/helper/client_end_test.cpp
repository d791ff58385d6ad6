// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/helper/client.hpp"

#include <doctest/doctest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using namespace lxcmon::sample;

namespace {

void idle_worker(int socket, HelperProgress&, const WorkerSettings&) {
    pollfd wait{socket, POLLIN, 0};
    ::poll(&wait, 1, -1);
}

/// True for a zombie, too.
bool is_there(pid_t pid) {
    return ::kill(pid, 0) == 0;
}

} // namespace

TEST_CASE("replaced helpers, as after SIGHUP, leave no zombies") {
    std::vector<pid_t> ended;
    for (int round = 0; round < 50; ++round)
        // None is started while too many earlier ones have not ended yet, on a busy machine.
        if (const pid_t pid = NamespaceHelper(20s, {}, &idle_worker).pid(); pid > 0)
            ended.push_back(pid);
    REQUIRE(ended.size() > 1);
    NamespaceHelper last(20s, {}, &idle_worker);
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (std::ranges::any_of(ended, &is_there) && std::chrono::steady_clock::now() < end) {
        last.scan_filesystems({}, [](auto&&...) { return true; });
        std::this_thread::sleep_for(1ms);
    }
    CHECK(std::ranges::count_if(ended, &is_there) == 0);
}
