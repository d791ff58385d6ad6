// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/collector.hpp"
#include "app/log.hpp"
#include "app/process_secrets.hpp"
#include "app/standard_output.hpp"
#include "io/signal_fd.hpp"
#include "push/agent.hpp"
#include "push/command_table.hpp"
#include "push/invocation.hpp"

#include <algorithm>
#include <csignal>
#include <exception>
#include <string>
#include <vector>

namespace lxcmon::push {
namespace {

constexpr int failed = 1;
constexpr int wrong_usage = 2;

int run_agent(const Config& config, const Agent::ReadSettings& read_settings) {
    if (config.collect.once)
        return Agent(config).run_once();
    // Block the signals before the agent exists: its helper process and threads inherit the mask.
    io::block_signals({SIGTERM, SIGINT, SIGHUP, SIGCONT});
    return Agent(config, read_settings).run();
}

int run(const std::vector<std::string>& arguments) {
    const Invocation invocation = read_invocation(arguments, app::process_environment());
    if (invocation.print) {
        app::print(*invocation.print);
        return 0;
    }
    app::LogSettings log = invocation.config.log;
    if (invocation.command && !command_table()[*invocation.command].uses_log_file)
        log.file.clear();
    app::set_up_log("lxcmon-push", log);
    if (invocation.command)
        return command_table()[*invocation.command].run(invocation);
    return run_agent(invocation.config,
                     [&arguments] { return read_invocation(arguments, app::process_environment()).config; });
}

} // namespace
} // namespace lxcmon::push

int main(int argument_count, char** arguments) {
    using namespace lxcmon;
    app::Collector::serve_as_worker({arguments, static_cast<std::size_t>(argument_count)});
    // If a reader exits (lxcmon-push list | head), write() must fail instead of ending the process.
    std::signal(SIGPIPE, SIG_IGN);
    app::protect_memory();
    try {
        const std::vector<std::string> copy(arguments + std::min(argument_count, 1),
                                            arguments + argument_count);
        app::hide_argument({arguments, static_cast<std::size_t>(argument_count)}, "influx-header");
        return push::run(copy);
    } catch (const app::BadSetting& error) {
        app::print_error(error.what());
        return push::wrong_usage;
    } catch (const app::ReaderGone&) {
        return push::failed;
    } catch (const std::exception& error) {
        app::print_error(std::string("lxcmon-push: ") + error.what());
        return push::failed;
    }
}
