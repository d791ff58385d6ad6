// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/tls_server.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <stdexcept>

namespace lxcmon::test {

namespace {

std::array<io::UniqueFd, 2> make_pipe() {
    std::array<int, 2> fds{};
    if (::pipe2(fds.data(), O_CLOEXEC) != 0)
        throw std::runtime_error("no pipe");
    std::array<io::UniqueFd, 2> ends;
    ends[0].reset(fds[0]);
    ends[1].reset(fds[1]);
    return ends;
}

pid_t spawn(std::vector<std::string> words, int input, int output) {
    std::vector<char*> arguments;
    for (std::string& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t pid = -1;
    const int error = ::posix_spawnp(&pid, arguments.front(), &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0)
        throw std::runtime_error("can't start " + words.front());
    return pid;
}

int wait_for(pid_t pid) {
    int status = -1;
    ::waitpid(pid, &status, 0);
    return status;
}

} // namespace

Certificates::Certificates() {
    const auto pipe = make_pipe();
    const pid_t pid = spawn({LXCMON_SOURCE "/tests/support/make_certificates.sh", folder_.path("")},
                            pipe[0].get(), pipe[1].get());
    if (wait_for(pid) != 0)
        throw std::runtime_error("make_certificates.sh failed: is the command openssl installed?");
}

const Certificates& Certificates::made() {
    static const Certificates certificates;
    return certificates;
}

TlsServer::TlsServer(const std::vector<std::string>& arguments) {
    auto input = make_pipe();
    auto output = make_pipe();
    std::vector<std::string> words{"python3", LXCMON_SOURCE "/tests/support/tls_server.py"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    pid_ = spawn(std::move(words), input[0].get(), output[1].get());
    output[1].reset();
    stdin_ = std::move(input[1]);
    for (char c = 0; ::read(output[0].get(), &c, 1) == 1 && c != '\n';)
        port_ += c;
    if (port_.empty()) {
        wait_for(pid_);
        throw std::runtime_error("tls_server.py did not start");
    }
}

TlsServer::~TlsServer() {
    stdin_.reset();
    wait_for(pid_);
}

} // namespace lxcmon::test
