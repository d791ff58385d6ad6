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

int run_agent(const lxcmon::push::Config& config, const lxcmon::push::Agent::ReadSettings& read_settings) {
    if (config.once)
        return lxcmon::push::Agent(config).run_once();
    // Before the agent is made: its helper process and its threads must not take them either.
    lxcmon::io::block_signals({SIGTERM, SIGINT, SIGHUP});
    return lxcmon::push::Agent(config, read_settings).run();
}

int run(const lxcmon::app::Invocation& invocation, const std::vector<std::string>& arguments) {
    lxcmon::app::set_up_log(invocation.config);
    switch (invocation.command) {
    case lxcmon::push::Command::list:
        return lxcmon::push::list_containers(invocation.config,
                                             invocation.format == lxcmon::push::Format::json);
    case lxcmon::push::Command::check:
        return lxcmon::push::check(invocation.config);
    case lxcmon::push::Command::fields:
        return lxcmon::push::show_fields(invocation.config, invocation.format);
    case lxcmon::push::Command::replay:
        return lxcmon::push::replay(invocation.config, invocation.replay_files);
    case lxcmon::push::Command::run:
        break;
    }
    return run_agent(invocation.config, [&arguments] {
        return lxcmon::app::parse_options(arguments, &lxcmon::app::process_environment).config;
    });
}

} // namespace

int main(int argument_count, char** arguments) {
    // A reader that goes away (lxcmon-push list | head) is an error of write(), not the end.
    std::signal(SIGPIPE, SIG_IGN);
    try {
        const std::vector<std::string> given(arguments + 1, arguments + argument_count);
        const auto invocation = lxcmon::app::parse_options(given, &lxcmon::app::process_environment);
        if (invocation.print) {
            std::fputs(invocation.print->c_str(), stdout);
            return 0;
        }
        return run(invocation, given);
    } catch (const lxcmon::app::BadSetting& error) {
        lxcmon::app::print_error(error.what());
        return wrong_usage;
    } catch (const std::exception& error) {
        lxcmon::app::print_error(std::string("lxcmon-push: ") + error.what());
        return failed;
    }
}
