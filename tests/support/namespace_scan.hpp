// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "support/child.hpp"

#include "sample/helper/client.hpp"

#include <doctest/doctest.h>

#include <chrono>

/// Requests to the real worker about real namespaces: these tests need root.
namespace lxcmon::test {

constexpr std::chrono::milliseconds ample{20'000};

[[nodiscard]] inline sample::CountReply ask(sample::NamespaceHelper& helper, const Child& init,
                                            bool want_processes = true, bool want_start = false) {
    sample::NamespaceHelper::Request request;
    request.ask.init_pid = init.pid();
    request.ask.want_processes = want_processes;
    request.ask.want_start = want_start;
    request.init_pidfd = init.pidfd();
    sample::CountReply reply;
    CHECK(helper.scan_processes(request, reply) == sample::NamespaceHelper::Outcome::answered);
    return reply;
}

} // namespace lxcmon::test
