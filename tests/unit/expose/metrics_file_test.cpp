// SPDX-License-Identifier: GPL-2.0-or-later
#include "expose/metrics_file.hpp"

#include "io/unique_fd.hpp"
#include "support/fixture.hpp"
#include "support/log_capture.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <string>

using namespace lxcmon;
using namespace lxcmon::expose;
using namespace std::chrono_literals;
using lxcmon::test::LogCapture;
using lxcmon::test::TempFolder;

namespace {

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

bool exists(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}

/// The file of a thread with this number, beside the one that it writes.
std::string beside(pid_t thread) {
    return ".lxcmon-push." + std::to_string(thread) + ".new";
}

std::string replace(const std::string& path, const std::string& text) {
    FileVersion version;
    return replace_file(path, text, version);
}

/// A number that no thread has.
pid_t ended_process() {
    const pid_t child = ::fork();
    if (child == 0)
        ::_exit(0);
    ::waitpid(child, nullptr, 0);
    return child;
}

std::string write_last(const std::string& path, const std::string& text, MetricsFile::End end) {
    MetricsFile file(path);
    file.publish(text);
    return file.finish(end, 30s) ? "" : "not written";
}

} // namespace

TEST_CASE("the file is replaced as a whole, with mode 0644, and nothing stays beside it") {
    const TempFolder folder;
    const std::string path = folder.path("lxcmon.prom");
    const mode_t before = ::umask(077);
    CHECK(replace(path, "a 1\n") == "");
    const int reader = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    folder.write(beside(::gettid()), "left by a killed agent");
    CHECK(replace(path, "a 2\n") == "");
    ::umask(before);
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 0644);
    CHECK(test::text_of_file(path) == "a 2\n");
    char old[8]{};
    CHECK(::read(reader, old, sizeof old) == 4);
    ::close(reader);
    CHECK(std::string(old) == "a 1\n"); // a reader keeps a whole text
    CHECK_FALSE(exists(folder.path(beside(::gettid()))));
}

TEST_CASE("a link that waits beside the file is not followed") {
    const TempFolder folder;
    const std::string victim = folder.write("victim", "untouched");
    REQUIRE(::symlink(victim.c_str(), folder.path(beside(::gettid())).c_str()) == 0);
    CHECK(replace(folder.path("x.prom"), "a 1\n") == "");
    CHECK(test::text_of_file(victim) == "untouched");
}

TEST_CASE("only a regular file is replaced") {
    const TempFolder folder;
    const std::string pipe = folder.path("pipe.prom");
    const std::string link = folder.path("link.prom");
    const std::string victim = folder.write("victim", "untouched");
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    REQUIRE(::symlink(victim.c_str(), link.c_str()) == 0);
    for (const std::string& path : {pipe, link}) {
        CHECK(replace(path, "a 1\n") == path + ": is no regular file, and is not replaced; use another path");
        CHECK_FALSE(MetricsFile::probe(path).ok);
        remove_file(path, version_of(path));
        struct stat status {};
        CHECK(::lstat(path.c_str(), &status) == 0);
    }
    CHECK(test::text_of_file(victim) == "untouched");
}

TEST_CASE("the last text is written, and the file is removed at the end if asked") {
    const TempFolder folder;
    const std::string path = folder.path("x.prom");
    {
        MetricsFile file(path);
        file.publish("a 1\n");
        file.publish("a 2\n");
        CHECK(file.finish(MetricsFile::End::keep, 30s));
    }
    CHECK(test::text_of_file(path) == "a 2\n");
    MetricsFile file(path);
    CHECK(file.finish(MetricsFile::End::remove, 30s));
    CHECK_FALSE(exists(path));
}

TEST_CASE("the file is removed at the end also if the last text could not be written") {
    const TempFolder folder;
    const std::string path = folder.path("x.prom");
    CHECK(write_last(path, "a 1\n", MetricsFile::End::keep).empty()); // by a killed agent
    LogCapture log;
    MetricsFile file(path);
    struct rlimit before {};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    const rlimit none{0, before.rlim_max}; // as a full disk
    const auto handler = ::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &none) == 0);
    std::string text;
    while (text.empty()) {
        ::usleep(1000);
        file.publish("a 2\n");
        text = log.take();
    }
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
    ::signal(SIGXFSZ, handler);
    CHECK(has(text, path + ": writing: File too large"));
    CHECK(test::text_of_file(path) == "a 1\n");
    file.finish(MetricsFile::End::remove, 30s);
    CHECK_FALSE(exists(path));
}

TEST_CASE("two agents with the same file: neither spoils or removes the text of the other") {
    const TempFolder folder;
    const std::string path = folder.path("x.prom");
    folder.write(beside(ended_process()), "left by a killed agent");
    const std::string others = folder.write(beside(::gettid()), "of this thread, which lives");
    {
        MetricsFile file(path);
        file.publish("service 1\n");
        while (!exists(path))
            ::usleep(1000);
        CHECK(write_last(path, "once 1\n", MetricsFile::End::keep).empty());
        file.finish(MetricsFile::End::remove, 30s);
    }
    CHECK(test::text_of_file(path) == "once 1\n");
    CHECK(test::text_of_file(others) == "of this thread, which lives");
    std::size_t names = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path("")))
        names += entry.exists() ? 1 : 0;
    CHECK(names == 2);
}

TEST_CASE("standard output in non-blocking mode gets whole texts") {
    const std::string text(std::size_t{1} << 20U, 'x');
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    REQUIRE(::fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
    const io::UniqueFd reader(ends[0]);
    const io::UniqueFd before(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
    REQUIRE(::dup2(ends[1], STDOUT_FILENO) == STDOUT_FILENO);
    ::close(ends[1]);
    std::size_t read = 0;
    {
        MetricsFile file("-");
        file.publish(text);
        std::array<char, 65536> part{};
        pollfd wait{reader.get(), POLLIN, 0};
        while (read < text.size() && ::poll(&wait, 1, 30'000) == 1)
            read += static_cast<std::size_t>(::read(reader.get(), part.data(), part.size()));
        CHECK(file.finish(MetricsFile::End::keep, 30s));
    }
    ::dup2(before.get(), STDOUT_FILENO);
    CHECK(read == text.size());
}

TEST_CASE("the longest name that a folder takes can be written, and check says so; a longer one can't") {
    const TempFolder folder;
    const std::string longest = std::string(250, 'x') + ".prom";
    CHECK(MetricsFile::probe(folder.path(longest)).ok);
    CHECK(replace(folder.path(longest), "a 1\n") == "");
    CHECK_FALSE(MetricsFile::probe(folder.path("x" + longest)).ok);
}

TEST_CASE("a missing folder is an error once, and its end is logged") {
    const TempFolder folder;
    LogCapture log;
    const std::string path = folder.path("missing/x.prom");
    CHECK(
        has(MetricsFile::probe(path).message, "No such file or directory; install prometheus-node-exporter"));
    MetricsFile file(path);
    file.publish("a 1\n");
    std::string text;
    while (text.empty()) { // the thread has the text sometime
        ::usleep(1000);
        file.publish("a 2\n");
        text = log.take();
    }
    CHECK(has(text, "no metrics for Prometheus: " + path + ": opening its folder: No such file"));
    REQUIRE(::mkdir(folder.path("missing").c_str(), 0755) == 0);
    CHECK(MetricsFile::probe(path).ok);
    file.publish("a 3\n");
    CHECK(file.finish(MetricsFile::End::keep, 30s));
    text = log.take();
    CHECK(has(text, "metrics for Prometheus are written again"));
    CHECK_FALSE(has(text, "No such file"));
    CHECK(test::text_of_file(path) == "a 3\n");
}
