#include "app/log.hpp"
#include "app/settings/bad_setting.hpp"
#include "app/settings/parse.hpp"
#include "io/signal_fd.hpp"
#include "push/agent.hpp"
#include "push/commands/commands.hpp"

#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdio>
#include <exception>

namespace {

constexpr int failed = 1;
constexpr int wrong_usage = 2;

int run_agent(const lxcmon::Config& config, const lxcmon::Agent::ReadSettings& read_settings) {
    if (config.once)
        return lxcmon::Agent(config).run_once();
    // Before the agent is made: its helper process and its threads must not take them either.
    lxcmon::io::block_signals({SIGTERM, SIGINT, SIGHUP});
    return lxcmon::Agent(config, read_settings).run();
}

int run(const lxcmon::Invocation& invocation, const std::vector<std::string>& arguments) {
    lxcmon::set_up_log(invocation.config);
    switch (invocation.command) {
    case lxcmon::Command::list:
        return lxcmon::list_containers(invocation.config, invocation.format == lxcmon::Format::json);
    case lxcmon::Command::check:
        return lxcmon::check(invocation.config);
    case lxcmon::Command::fields:
        return lxcmon::show_fields(invocation.config, invocation.format);
    case lxcmon::Command::replay:
        return lxcmon::replay(invocation.config, invocation.replay_files);
    case lxcmon::Command::run:
        break;
    }
    return run_agent(invocation.config, [&arguments] {
        return lxcmon::parse_options(arguments, &lxcmon::process_environment).config;
    });
}

} // namespace

int main(int argument_count, char** arguments) {
    // A reader that goes away (lxcmon-push list | head) is an error of write(), not the end.
    std::signal(SIGPIPE, SIG_IGN);
    try {
        const std::vector<std::string> given(arguments + 1, arguments + argument_count);
        const auto invocation = lxcmon::parse_options(given, &lxcmon::process_environment);
        if (invocation.print) {
            std::fputs(invocation.print->c_str(), stdout);
            return 0;
        }
        return run(invocation, given);
    } catch (const lxcmon::BadSetting& error) {
        lxcmon::print_error(error.what());
        return wrong_usage;
    } catch (const std::exception& error) {
        lxcmon::print_error(std::string("lxcmon-push: ") + error.what());
        return failed;
    }
}
