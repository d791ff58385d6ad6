// SPDX-License-Identifier: GPL-2.0-or-later
#include "array_place.hpp"

#include <sys/resource.h>
#include <sys/wait.h>

#include <filesystem>

using namespace lxcmon;
using namespace lxcmon::test;

TEST_CASE_FIXTURE(Place, "another program's file, a link and a pipe are not touched, and said so") {
    folder.write("metrics.json", "{\"fields\":{}}\n");
    ArrayFile lines = sink();
    const Verdict verdict = lines.send(element(1));
    CHECK(verdict.outcome == Outcome::settings);
    CHECK(verdict.message ==
          file + ": is no JSON array of objects; move it away, or use another --json-file");
    CHECK_FALSE(lines.probe().front().ok);
    CHECK(text() == "{\"fields\":{}}\n");
    std::filesystem::remove(file);
    std::filesystem::create_symlink("target", file);
    ArrayFile link = sink();
    CHECK(link.send(element(1)).outcome == Outcome::settings);
    CHECK_FALSE(std::filesystem::exists(folder.path("target")));
    std::filesystem::remove(file);
    REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
    ArrayFile pipe = sink();
    CHECK(pipe.send(element(1)).outcome == Outcome::settings);
    CHECK_FALSE(pipe.probe().front().ok);
    for (const char* path : {"", "-", "/tmp/"})
        CHECK_THROWS_AS(ArrayFile(JsonFileSettings{path, true}), std::invalid_argument);
}

TEST_CASE_FIXTURE(Place, "the spare file of another user's making is not followed") {
    folder.write("secret", "secret");
    std::filesystem::create_symlink(folder.path("secret"), spare);
    ArrayFile array = sink();
    CHECK(is_delivered(array, element(1)));
    CHECK(is_delivered(array, element(2)));
    CHECK(read_all(folder.path("secret")) == "secret");
    CHECK(numbers_in(text()) == Numbers{1, 2});
}

TEST_CASE_FIXTURE(Place, "a second agent is refused as long as the first one writes the array") {
    auto first = std::make_unique<ArrayFile>(JsonFileSettings{file, true});
    CHECK(is_delivered(*first, element(1)));
    const auto sends_in_child = [&](Outcome expected, const std::string& message) {
        const pid_t child = in_child([&] {
            const Verdict verdict = sink().send(element(2));
            ::_exit(verdict.outcome == expected && verdict.message == message ? 0 : 1);
        });
        int status = 0;
        return ::waitpid(child, &status, 0) == child && status == 0;
    };
    CHECK(sends_in_child(Outcome::settings, file + ": is in use by pid " + std::to_string(::getpid()) +
                                                "; only one agent may write an array: stop the other agent, "
                                                "or set another --json-file"));
    CHECK(numbers_in(text()) == Numbers{1});
    CHECK(sink().probe().front().ok); // the check asks beside the agent
    first.reset();
    CHECK(sends_in_child(Outcome::delivered, ""));
    CHECK(numbers_in(text()) == Numbers{1, 2});
}

TEST_CASE_FIXTURE(Place, "a link in place of the lock is not followed") {
    std::filesystem::create_symlink(folder.path("made"), folder.path(".metrics.json.lock"));
    ArrayFile array = sink();
    const Verdict verdict = array.send(element(1));
    CHECK(verdict.outcome == Outcome::settings);
    CHECK(verdict.message.find("locking " + folder.path(".metrics.json.lock")) != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(folder.path("made")));
}

TEST_CASE_FIXTURE(Place, "a full disk costs no element: the array stays, and the retry adds it once") {
    ArrayFile array = sink();
    CHECK(is_delivered(array, element(1)));
    CHECK(is_delivered(array, element(2)));
    const pid_t child = in_child([&] { // EFBIG stands in for ENOSPC
        ::signal(SIGXFSZ, SIG_IGN);
        rlimit before{};
        ::getrlimit(RLIMIT_FSIZE, &before);
        const rlimit full{200, before.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &full);
        if (array.send(element(3, 1000)).outcome != Outcome::retry || numbers_in(text()) != Numbers{1, 2})
            ::_exit(1);
        ::setrlimit(RLIMIT_FSIZE, &before);
        if (array.send(element(3, 1000)).outcome != Outcome::delivered)
            ::_exit(2);
    });
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(numbers_in(text()) == Numbers{1, 2, 3});
}

TEST_CASE_FIXTURE(Place, "the check creates nothing") {
    ArrayFile array = sink();
    CHECK(array.probe().front().ok);
    CHECK_FALSE(std::filesystem::exists(file));
    CHECK_FALSE(std::filesystem::exists(spare));
    ArrayFile missing(JsonFileSettings{folder.path("a/metrics.json"), true});
    CHECK_FALSE(missing.probe().front().ok);
    CHECK(missing.send(element(1)).outcome == Outcome::settings);
    CHECK_FALSE(std::filesystem::exists(folder.path("a")));
}
