// SPDX-License-Identifier: GPL-2.0-or-later
#include "expose/metrics_file.hpp"

#include "support/fixture.hpp"
#include "support/log_capture.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

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

} // namespace

TEST_CASE("the file is replaced as a whole, with mode 0644, and nothing stays beside it") {
    const TempFolder folder;
    const std::string path = folder.path("lxcmon.prom");
    const mode_t before = ::umask(077);
    CHECK(replace_file(path, "a 1\n") == "");
    const int reader = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    folder.write(".lxcmon.prom.new", "left by a killed agent");
    CHECK(replace_file(path, "a 2\n") == "");
    ::umask(before);
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 0644);
    CHECK(test::text_of_file(path) == "a 2\n");
    char old[8]{};
    CHECK(::read(reader, old, sizeof old) == 4);
    ::close(reader);
    CHECK(std::string(old) == "a 1\n"); // a reader keeps a whole text
    CHECK_FALSE(exists(folder.path(".lxcmon.prom.new")));
}

TEST_CASE("a link that waits beside the file is not followed") {
    const TempFolder folder;
    const std::string victim = folder.write("victim", "untouched");
    REQUIRE(::symlink(victim.c_str(), folder.path(".x.prom.new").c_str()) == 0);
    CHECK(replace_file(folder.path("x.prom"), "a 1\n") == "");
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
        CHECK(replace_file(path, "a 1\n") ==
              path + ": is no regular file, and is not replaced; use another path");
        CHECK_FALSE(MetricsFile::probe(path).ok);
        remove_file(path);
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
