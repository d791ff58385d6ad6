// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/agent.hpp"

#include "app/log.hpp"
#include "push/option_table.hpp"
#include "support/encoded.hpp"
#include "support/log_capture.hpp"
#include "unit/push/parsed.hpp"

#include <doctest/doctest.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <map>
#include <memory>
#include <string>

using namespace lxcmon;
using namespace lxcmon::push;
using lxcmon::test::Arguments;
using lxcmon::test::Parser;
using lxcmon::test::pem_mark;

namespace {

/// A settings file as an administrator changes it, and an agent that reads it again.
class Reloaded {
  public:
    Reloaded()
        : pem_(parser_.folder().write("pem", pem_mark))
        , other_pem_(parser_.folder().write("other-pem", pem_mark))
        , secret_(parser_.folder().write("secret", "s3cret\n"))
        , lxcpath_(parser_.folder().path("lxc")) {}

    [[nodiscard]] Config before() const { return parser_.config(base()); }
    /// With one option more; the last of an option that is given twice counts.
    [[nodiscard]] Config after(const std::string& option, const std::string& value) const {
        Arguments arguments = base();
        if (option == "influx-token-file")
            std::erase(arguments, "--influx-user=u"); // a request has one of them
        arguments.push_back("--" + option + "=" + value);
        return parser_.config(arguments);
    }

    /// Another value than that of base(), which the option takes.
    [[nodiscard]] std::string other_value(const OptionRow& row) const {
        static const std::map<std::string_view, std::string> by_name{
            {"influx-url", "http://127.0.0.1:10"},
            {"influx-mode", "all"},
            {"influx-api", "v1"},
            {"influx-proxy", "http://127.0.0.1:11"},
            {"influx-header", "X-Scope-OrgID: t"},
            {"metrics", "lxc_cpu"},
            {"tag", "site=b"},
            {"json-layout", "lxc-monitor"},
            {"log-level", "critical"},
            {"log-format", "json"},
            {"send-jitter", "7ms"},
            {"openmetrics-file", "/nonexistent/p.prom"},
            {"openmetrics-listen", "127.0.0.1:12"},
        };
        static const std::map<std::string_view, std::string> by_kind{
            {"NAME", "n"},  {"LINES", "7"},    {"DURATION", "7s"},       {"SIZE", "7MiB"}, {"COUNT", "7"},
            {"GLOB", "g*"}, {"SWITCH", "off"}, {"SCHEMA", "lxd2influx"}, {"", "true"},
        };
        if (const auto known = by_name.find(row.name); known != by_name.end())
            return known->second;
        if (row.value.name == "PEM")
            return other_pem_;
        if (row.value.name == "FILE")
            return secret_;
        if (row.value.name == "PATH")
            return row.name == "lxcpath" ? lxcpath_ + "2" : parser_.folder().path(std::string(row.name));
        REQUIRE_MESSAGE(by_kind.contains(row.value.name), "give this test a value for --" << row.name);
        return by_kind.at(row.value.name);
    }

  private:
    /// Settings that harm nothing on this machine and leave nothing behind.
    [[nodiscard]] Arguments base() const {
        return {"--influx-url=http://127.0.0.1:9",
                "--influx-user=u",
                "--tls-cert=" + pem_,
                "--spool-dir=" + parser_.folder().path("spool"),
                "--lxcpath=" + lxcpath_,
                "--log-file=" + parser_.folder().path("log"),
                "--host=h"};
    }

    Parser parser_;
    std::string pem_;
    std::string other_pem_;
    std::string secret_;
    std::string lxcpath_;
};

} // namespace

// The chroot of a package build has no cgroup hierarchy, and a sampler needs one.
TEST_SUITE_BEGIN("needs root");

TEST_CASE("reload: every option of the table takes effect") {
    const auto logger = spdlog::default_logger();
    const Reloaded settings;
    std::size_t changed = 0;
    for (const OptionRow& row : option_table()) {
        if (row.command_line_only)
            continue; // the command line stays the same
        CAPTURE(std::string(row.name));
        const Config before = settings.before();
        const Config after = settings.after(std::string(row.name), settings.other_value(row));
        const bool differs = before != after;
        REQUIRE(differs);
        app::set_up_log("lxcmon-push", before.log);
        Agent agent(before, [&] { return after; });
        agent.start();
        const bool as_started = agent.in_force() == before;
        CHECK(as_started);
        agent.reload();
        const bool in_force = agent.in_force() == after;
        CHECK(in_force);
        static_cast<void>(agent.stop());
        ++changed;
    }
    CHECK(changed + 3 == option_table().size());
    spdlog::set_default_logger(logger);
}

TEST_CASE("reload: --tls-insecure is warned of when it comes into force, not at other reloads") {
    test::LogCapture log;
    const Reloaded settings;
    const auto warnings = [&] {
        return test::count_of(log.take(), "--tls-insecure: the server's certificate");
    };
    Config next = settings.before();
    Agent agent(next, [&] { return next; });
    agent.start();
    CHECK(warnings() == 0);
    next.destinations.influx.http.tls.insecure = true;
    agent.reload();
    CHECK(warnings() == 1);
    next.destinations.batch_lines = 7;
    agent.reload();
    CHECK(warnings() == 0);
    static_cast<void>(agent.stop());
    const Agent insecure(next);
    CHECK(warnings() == 1);
}

TEST_CASE("reload: an unsafe spool folder is refused, and the old settings are kept") {
    test::LogCapture log;
    const test::TempFolder folder;
    const std::string unsafe = folder.path("spool");
    REQUIRE(::mkdir(unsafe.c_str(), 0700) == 0);
    REQUIRE(::chmod(unsafe.c_str(), 0777) == 0);
    const Reloaded settings;
    const Config before = settings.before();
    const Config after = settings.after("spool-dir", unsafe);
    Agent agent(before, [&] { return after; });
    agent.start();
    static_cast<void>(log.take());
    agent.reload();
    CHECK(test::count_of(log.take(),
                         "the old ones are kept: --spool-dir: " + unsafe + " may be written by") == 1);
    const bool is_kept = agent.in_force().destinations == before.destinations;
    CHECK(is_kept);
    static_cast<void>(agent.stop());
}

TEST_SUITE_END();
