// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/json_file.hpp"

#include "deliver/queue.hpp"
#include "deliver/sender.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

using namespace lxcmon;
using namespace lxcmon::deliver;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

struct Folder {
    std::string path = "/tmp/lxcmon-json-XXXXXX";
    Folder() {
        if (::mkdtemp(path.data()) == nullptr)
            throw std::runtime_error("no folder");
    }
    ~Folder() { std::filesystem::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    Folder(Folder&&) = delete;
    Folder& operator=(Folder&&) = delete;

    [[nodiscard]] std::string file(const std::string& name = "out.jsonl") const { return path + "/" + name; }
};

std::string content(const std::string& path) {
    const std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

void write(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
}

mode_t mode(const std::string& path) {
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_mode & 07777U;
}

JsonFileSettings settings_for(const std::string& path) {
    JsonFileSettings settings;
    settings.path = path;
    return settings;
}

/// Limits the size of files of this process: EFBIG stands in for the ENOSPC of a full disk.
class FileSizeLimit {
  public:
    explicit FileSizeLimit(rlim_t bytes)
        : handler_(::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        rlimit limit = before_;
        limit.rlim_cur = bytes;
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileSizeLimit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        ::signal(SIGXFSZ, handler_);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;
    FileSizeLimit(FileSizeLimit&&) = delete;
    FileSizeLimit& operator=(FileSizeLimit&&) = delete;

  private:
    rlimit before_{};
    void (*handler_)(int);
};

} // namespace

TEST_CASE_FIXTURE(Folder, "lines are appended; the file is created with its mode") {
    const mode_t before = ::umask(022);
    JsonFile sink(settings_for(path + "/out.jsonl"));
    CHECK(sink.send("1\n").outcome == Outcome::delivered);
    CHECK(sink.send("2\n").outcome == Outcome::delivered);
    ::umask(before);
    CHECK(content(path + "/out.jsonl") == "1\n2\n");
    CHECK(mode(path + "/out.jsonl") == 0640);
}

TEST_CASE_FIXTURE(Folder, "a missing folder is named and not created, until it is there") {
    JsonFile sink(settings_for(path + "/a/b/out.jsonl"));
    const Verdict verdict = sink.send("1\n");
    CHECK(verdict.outcome == Outcome::settings);
    CHECK(verdict.message == path + "/a/b/out.jsonl: the folder " + path +
                                 "/a does not exist; correct --json-file, or make that folder");
    CHECK_FALSE(std::filesystem::exists(path + "/a"));
    std::filesystem::create_directories(path + "/a/b");
    CHECK(sink.send("1\n").outcome == Outcome::delivered);
}

TEST_CASE_FIXTURE(Folder, "rotated by size: whole batches, .1 is the newest, at most `kept` files") {
    JsonFileSettings settings = settings_for(file());
    settings.max_bytes = 10;
    settings.kept = 2;
    JsonFile sink(settings);
    for (const char* lines : {"aaaa\n", "bbbb\n", "cccc\n", "dddddddddddddddd\n", "ee\n"})
        CHECK(sink.send(lines).outcome == Outcome::delivered);
    CHECK(content(file()) == "ee\n");
    CHECK(content(file("out.jsonl.1")) == "dddddddddddddddd\n");
    CHECK(content(file("out.jsonl.2")) == "cccc\n");
    CHECK_FALSE(std::filesystem::exists(file("out.jsonl.3")));
}

TEST_CASE_FIXTURE(Folder, "with 0 kept files the file starts again empty") {
    JsonFileSettings settings = settings_for(file());
    settings.max_bytes = 5;
    settings.kept = 0;
    JsonFile sink(settings);
    CHECK(sink.send("aaaa\n").outcome == Outcome::delivered);
    CHECK(sink.send("bbbb\n").outcome == Outcome::delivered);
    CHECK(content(file()) == "bbbb\n");
    CHECK_FALSE(std::filesystem::exists(file("out.jsonl.1")));
}

TEST_CASE_FIXTURE(Folder, "a file that was renamed or removed is created again") {
    JsonFile sink(settings_for(file()));
    CHECK(sink.send("1\n").outcome == Outcome::delivered);
    std::filesystem::rename(file(), file("old"));
    CHECK(sink.send("2\n").outcome == Outcome::delivered);
    CHECK(content(file("old")) == "1\n");
    CHECK(content(file()) == "2\n");
    std::filesystem::remove(file());
    CHECK(sink.send("3\n").outcome == Outcome::delivered);
    CHECK(content(file()) == "3\n");
}

TEST_CASE_FIXTURE(Folder, "a folder that another user can replace by a link leads nowhere") {
    std::filesystem::create_directory(file("real"));
    std::filesystem::create_directory_symlink("real", file("way"));
    JsonFile json(settings_for(file("way/out.jsonl")));
    CHECK(json.send("1\n").outcome == Outcome::delivered);
    std::filesystem::remove(file("real/out.jsonl"));
    REQUIRE(::chmod(path.c_str(), 0777) == 0);
    const Verdict verdict = json.send("2\n");
    CHECK(verdict.outcome == Outcome::settings);
    CHECK(verdict.message.find(file("way") +
                               " is a symbolic link in a folder that may be written by other users;") !=
          std::string::npos);
    CHECK_FALSE(json.probe().front().ok);
    CHECK_FALSE(std::filesystem::exists(file("real/out.jsonl")));
}

TEST_CASE_FIXTURE(Folder, "a symlink is not followed, and a folder is not written to") {
    write(file("target"), "");
    std::filesystem::create_symlink(file("target"), file());
    JsonFile link(settings_for(file()));
    const Verdict verdict = link.send("1\n");
    CHECK(verdict.outcome == Outcome::settings);
    CHECK(verdict.message.find("symlink") != std::string::npos);
    CHECK(content(file("target")).empty());
    CHECK_FALSE(link.probe().front().ok);
    std::filesystem::create_directory(file("folder"));
    JsonFile folder(settings_for(file("folder")));
    CHECK(folder.send("1\n").outcome == Outcome::settings);
    CHECK_FALSE(folder.probe().front().ok);
}

TEST_CASE_FIXTURE(Folder, "a batch that does not fit is removed whole, and is written later") {
    JsonFile sink(settings_for(file()));
    CHECK(sink.send("1\n").outcome == Outcome::delivered);
    {
        const FileSizeLimit limit(5);
        const Verdict verdict = sink.send("2222\n3333\n");
        CHECK(verdict.outcome == Outcome::retry);
        CHECK(verdict.message.find(file()) != std::string::npos);
        CHECK(content(file()) == "1\n");
    }
    CHECK(sink.send("2222\n3333\n").outcome == Outcome::delivered);
    CHECK(content(file()) == "1\n2222\n3333\n");
}

TEST_CASE("a full disk is retried, with a message") {
    JsonFile sink(settings_for("/dev/full"));
    const Verdict verdict = sink.send("1\n");
    CHECK(verdict.outcome == Outcome::retry);
    CHECK(verdict.message == "/dev/full: writing: No space left on device; make room on the disk");
}

TEST_CASE_FIXTURE(Folder, "an incomplete last line is ended before more is written") {
    write(file(), "whole\ntor");
    JsonFile sink(settings_for(file()));
    CHECK(sink.send("1\n").outcome == Outcome::delivered);
    CHECK(content(file()) == "whole\ntor\n1\n");
}

TEST_CASE_FIXTURE(Folder, "a path that can't be created") {
    write(file("plain"), "");
    JsonFile sink(settings_for(file("plain/out.jsonl")));
    CHECK(sink.send("1\n").outcome == Outcome::retry);
    CHECK_FALSE(sink.probe().front().ok);
    CHECK_THROWS_AS(JsonFile{settings_for("")}, std::invalid_argument);
    CHECK_THROWS_AS(JsonFile{settings_for("/tmp/")}, std::invalid_argument);
}

TEST_CASE_FIXTURE(Folder, "the check creates nothing") {
    JsonFile missing(settings_for(path + "/a/out.jsonl"));
    CHECK_FALSE(missing.probe().front().ok);
    CHECK(missing.probe().front().message.find(path + "/a does not exist") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(path + "/a"));
    JsonFile sink(settings_for(file()));
    CHECK(sink.probe().front().ok);
    CHECK_FALSE(std::filesystem::exists(file()));
    write(file(), "");
    JsonFile there(settings_for(file()));
    CHECK(there.probe().front().ok);
}

TEST_CASE_FIXTURE(Folder, "a pipe whose reader does not read: written bytes are not sent twice") {
    REQUIRE(::mkfifo(file().c_str(), 0600) == 0);
    JsonFileSettings settings = settings_for(file());
    settings.stream_timeout = milliseconds(50);
    JsonFile sink(settings);
    CHECK(sink.send("1\n").outcome == Outcome::retry); // no reader
    const io::UniqueFd reader(::open(file().c_str(), O_RDONLY | O_NONBLOCK));
    REQUIRE(reader);
    std::string lines;
    for (int line = 0; line < 30'000; ++line)
        lines += std::to_string(line) + "\n";
    CHECK(sink.send(lines).outcome == Outcome::retry); // more than a pipe holds
    std::string got;
    std::string part(65536, '\0');
    for (bool done = false; !done || got.size() < lines.size();) {
        const ssize_t size = ::read(reader.get(), part.data(), part.size());
        REQUIRE(size > 0);
        got.append(part, 0, static_cast<std::size_t>(size));
        done = done || sink.send(lines).outcome == Outcome::delivered;
    }
    CHECK(got == lines);
}

TEST_CASE_FIXTURE(Folder, "through the sender, as with InfluxDB") {
    JsonFile sink(settings_for(file()));
    Queue queue({.limit_bytes = 1000});
    Sender sender(queue, sink);
    sender.start();
    queue.push({"1\n2\n", 2});
    queue.push({"3\n", 1});
    CHECK(sender.stop() == 0);
    CHECK(sender.counts().delivered_points == 3);
    CHECK(content(file()) == "1\n2\n3\n");
}
