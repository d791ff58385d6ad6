// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/process_secrets.hpp"

#include <doctest/doctest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>

using namespace lxcmon::app;

TEST_CASE("a protected process and its children dump no core") {
    // In a child: the test program itself shall stay debuggable.
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        protect_memory();
        const pid_t grandchild = ::fork();
        rlimit limit{1, 1};
        const bool is_protected = ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 &&
                                  ::getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0;
        if (grandchild == 0)
            ::_exit(is_protected ? 0 : 1);
        int status = 1;
        ::waitpid(grandchild, &status, 0);
        ::_exit(is_protected && status == 0 ? 0 : 1);
    }
    int status = 1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}

TEST_CASE("values of an option are overwritten in the arguments") {
    std::array<std::string, 8> texts{"lxcmon-push",          "--header", "A: secret", "--header=B: secret",
                                     "--header-other=shown", "shown",    "--header=", "--header"};
    std::array<char*, 8> arguments{};
    for (std::size_t index = 0; index < texts.size(); ++index)
        arguments[index] = texts[index].data();
    hide_argument(arguments, "header");
    CHECK(texts == std::array<std::string, 8>{"lxcmon-push", "--header", "*********", "--header=*********",
                                              "--header-other=shown", "shown", "--header=", "--header"});
}
