// SPDX-License-Identifier: GPL-2.0-or-later
// A log file in a folder of a user: no link leads elsewhere, and no folder is made.
#include "app/log_file.hpp"

#include "support/temp_folder.hpp"

#include <doctest/doctest.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <iterator>
#include <stdexcept>

using namespace lxcmon;
using namespace lxcmon::app;
using lxcmon::test::TempFolder;

namespace {

LogSettings settings_of(const std::string& path) {
    LogSettings settings;
    settings.file = path;
    return settings;
}

/// By the agent, and by `check`, which say the same.
std::string log_refusal(const std::string& path) {
    std::string refusal = "accepted";
    try {
        const LogFile file(settings_of(path));
    } catch (const std::runtime_error& error) {
        refusal = error.what();
    }
    const Finding finding = probe_log_file(path);
    CHECK(finding.ok == (refusal == "accepted"));
    CHECK((finding.ok || finding.message == refusal));
    return refusal;
}

std::string read_text(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace

TEST_CASE("no symbolic link is followed to a log file") {
    const TempFolder folder;
    std::filesystem::create_symlink(folder.path("target"), folder.path("link"));
    CHECK(log_refusal(folder.path("link")) ==
          folder.path("link") +
              " is a symbolic link, and no link is followed; expected the path of the file itself");
    CHECK_FALSE(std::filesystem::exists(folder.path("target")));
    std::filesystem::create_directory(folder.path("logs"));
    std::filesystem::create_directory_symlink("logs", folder.path("own"));
    CHECK(log_refusal(folder.path("own/log")) == "accepted");
    REQUIRE(::chmod(folder.path("").c_str(), 0777) == 0);
    CHECK(log_refusal(folder.path("own/log"))
              .starts_with(folder.path("own") + " is a symbolic link in a folder that"));
}

TEST_CASE("another user's link on the way to a log file is not followed" *
          doctest::test_suite("needs root")) {
    const TempFolder folder;
    std::filesystem::create_directory(folder.path("logs"));
    std::filesystem::create_directory_symlink("logs", folder.path("link"));
    REQUIRE(::lchown(folder.path("link").c_str(), 47921, 0) == 0);
    CHECK(log_refusal(folder.path("link/log"))
              .starts_with(folder.path("link") + " is a symbolic link that belongs to the user 47921"));
    CHECK(std::filesystem::is_empty(folder.path("logs")));
}

TEST_CASE("a missing folder is named and not made") {
    const TempFolder folder;
    CHECK(log_refusal(folder.path("none/a/log")) ==
          "the folder " + folder.path("none/a") + " does not exist; make it, or name a file in another one");
    CHECK_FALSE(std::filesystem::exists(folder.path("none")));
}

TEST_CASE("what is neither a file nor a character device is no log file") {
    const TempFolder folder;
    REQUIRE(::mkfifo(folder.path("fifo").c_str(), 0600) == 0);
    CHECK(
        log_refusal(folder.path("fifo")).ends_with("/fifo is no regular file; expected the path of a file"));
    CHECK(log_refusal(folder.path("")).find("is no regular file") != std::string::npos);
    CHECK(log_refusal("/dev/null") == "accepted");
}

TEST_CASE("the check of a log file makes nothing") {
    const TempFolder folder;
    const Finding finding = probe_log_file(folder.path("log"));
    CHECK(finding.ok);
    CHECK(finding.message.starts_with(folder.path("log: can be made in ")));
    CHECK_FALSE(std::filesystem::exists(folder.path("log")));
    folder.write("log", "");
    CHECK(probe_log_file(folder.path("log")).message == folder.path("log: can be written"));
}

TEST_CASE("a log file is rotated before it is longer than its limit, and appended to") {
    const TempFolder folder;
    folder.write("log", "before\n");
    LogSettings settings = settings_of(folder.path("log"));
    settings.max_bytes = 20;
    settings.keep = 2;
    for (const char* word : {"one", "two", "three", "four", "five", "a line that is longer than the limit"}) {
        spdlog::logger logger("test", std::make_shared<LogFile>(settings));
        logger.set_pattern("%v");
        logger.info(word);
    }
    CHECK(read_text(folder.path("log")) == "a line that is longer than the limit\n");
    CHECK(read_text(folder.path("log.1")) == "three\nfour\nfive\n");
    CHECK(read_text(folder.path("log.2")) == "before\none\ntwo\n");
    CHECK_FALSE(std::filesystem::exists(folder.path("log.3")));
}
