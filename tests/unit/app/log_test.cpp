// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/log.hpp"

#include "support/temp_folder.hpp"

#include <doctest/doctest.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <regex>

using namespace lxcmon;
using namespace lxcmon::app;

namespace {

/// The output of set_up_log() and `log` on stderr; $JOURNAL_STREAM names stderr if `for_journal`.
std::string logged_on_stderr(const LogSettings& settings, bool for_journal, void (*log)()) {
    const test::TempFolder folder;
    const std::string path = folder.write("stderr", "");
    const io::UniqueFd file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
    const io::UniqueFd before(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
    const auto logger = spdlog::default_logger();
    struct stat place {};
    REQUIRE(::fstat(file.get(), &place) == 0);
    const std::string stream = std::to_string(place.st_dev) + ":" + std::to_string(place.st_ino);
    if (for_journal)
        ::setenv("JOURNAL_STREAM", stream.c_str(), 1);
    ::dup2(file.get(), STDERR_FILENO);
    set_up_log("lxcmon-push", settings);
    log();
    ::dup2(before.get(), STDERR_FILENO);
    ::unsetenv("JOURNAL_STREAM");
    spdlog::set_default_logger(logger);
    std::ifstream input(path);
    return {std::istreambuf_iterator<char>(input), {}};
}

void log_all() {
    spdlog::debug("d");
    spdlog::info("i\nj");
    spdlog::warn("w");
    spdlog::error("e");
    spdlog::critical("c");
    print_error("final error");
}

} // namespace

TEST_CASE("lines for the journal have priorities and no time") {
    LogSettings settings;
    settings.level = "debug";
    CHECK(logged_on_stderr(settings, true, &log_all) ==
          "<7>debug: d\n<6>info: i j\n<4>warning: w\n<3>error: e\n<2>critical: c\n<3>final error\n");
    settings.format = "json";
    const std::string json = logged_on_stderr(settings, true, [] { spdlog::warn("w"); });
    CHECK(json.starts_with("<4>{\"time\":\""));
}

TEST_CASE("other lines have a time and no priority") {
    const std::string text = logged_on_stderr({}, false, [] {
        spdlog::warn("w");
        print_error("final error");
    });
    CHECK(std::regex_match(text,
                           std::regex("\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{3} warning: w\nfinal "
                                      "error\n")));
    const test::TempFolder folder;
    LogSettings settings;
    settings.file = folder.path("log");
    CHECK(logged_on_stderr(settings, true, [] { spdlog::warn("w"); }).empty());
    std::ifstream log(settings.file);
    const std::string line{std::istreambuf_iterator<char>(log), {}};
    CHECK_FALSE(line.starts_with("<"));
}

TEST_CASE("the descriptor of the journal is recognized") {
    struct stat place {};
    REQUIRE(::fstat(STDOUT_FILENO, &place) == 0);
    const std::string device = std::to_string(place.st_dev);
    const std::string inode = std::to_string(place.st_ino);
    CHECK(goes_to_journal(STDOUT_FILENO, (device + ":" + inode).c_str()));
    CHECK_FALSE(goes_to_journal(STDOUT_FILENO, (device + ":" + inode + "1").c_str()));
    CHECK_FALSE(goes_to_journal(-1, (device + ":" + inode).c_str()));
    for (const char* stream : {"", "x", "1", "1:"})
        CHECK_FALSE(goes_to_journal(STDOUT_FILENO, stream));
    CHECK_FALSE(goes_to_journal(STDOUT_FILENO, nullptr));
}
