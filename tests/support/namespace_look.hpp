#pragma once

#include "support/child.hpp"

#include "sample/namespace_helper.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <span>
#include <string_view>

/// Looks by the real worker at real namespaces: these need root.
namespace lxcmon::test {

constexpr std::chrono::milliseconds ample{20'000};

[[nodiscard]] inline sample::NamespaceReply ask(sample::NamespaceHelper& helper, const Child& init,
                                                bool want_processes = true, bool want_links = true) {
    sample::NamespaceHelper::Request request;
    request.ask.init_pid = init.pid();
    request.ask.want_processes = want_processes;
    request.ask.want_links = want_links;
    request.init_pidfd = init.pidfd();
    sample::NamespaceReply answer;
    std::size_t calls = 0;
    helper.look_at_networks({&request, 1}, [&](std::size_t, sample::NamespaceHelper::Outcome outcome,
                                               const sample::NamespaceReply& reply) {
        CHECK(outcome == sample::NamespaceHelper::Outcome::answered);
        answer = reply;
        ++calls;
        return true;
    });
    REQUIRE(calls == 1);
    return answer;
}

[[nodiscard]] inline const sample::NamespaceReply::ContainerLink*
find_link(const sample::NamespaceReply& reply, std::string_view name) {
    const auto links = std::span(reply.links).first(reply.link_count);
    const auto at =
        std::ranges::find_if(links, [&](const auto& each) { return each.link.name.data() == name; });
    return at != links.end() ? &*at : nullptr;
}

} // namespace lxcmon::test
