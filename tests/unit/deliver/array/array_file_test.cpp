// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/array/array_file.hpp"

#include "io/unique_fd.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::deliver;

namespace {

std::string read_all(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

struct Place {
    test::TempFolder folder;
    std::string file = folder.path("metrics.json");
    std::string spare = folder.path(".metrics.json.spare");

    [[nodiscard]] ArrayFile sink(std::uint64_t max_bytes = 0, unsigned kept = 3) const {
        return ArrayFile(JsonFileSettings{file, true, max_bytes, kept});
    }
    [[nodiscard]] std::string text() const { return read_all(file); }
};

std::string element(int number, std::size_t padding = 0) {
    return "{\"n\":" + std::to_string(number) + ",\"p\":\"" + std::string(padding, 'x') + "\"}\n";
}

bool is_delivered(ArrayFile& sink, const std::string& lines) {
    const Verdict verdict = sink.send(lines);
    INFO(verdict.message);
    return verdict.outcome == Outcome::delivered;
}

/// The numbers of the elements; -1 alone: not a JSON array.
std::vector<int> numbers_in(const std::string& text) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_array())
        return {-1};
    std::vector<int> numbers;
    for (const auto& each : json)
        numbers.push_back(each.value("n", -2));
    return numbers;
}

using Numbers = std::vector<int>;

ino_t inode(const std::string& path) {
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_ino;
}

/// Runs `child` in a process of its own until it ends or is killed.
pid_t in_child(const std::function<void()>& child) {
    const pid_t pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL); // a test that is killed leaves none behind
        child();
        ::_exit(0);
    }
    return pid;
}

} // namespace

TEST_CASE_FIXTURE(Place, "lines become elements of one array, several of a batch too") {
    ArrayFile array = sink();
    CHECK(is_delivered(array, element(1)));
    CHECK(text() == "[\n{\"n\":1,\"p\":\"\"}\n]\n");
    CHECK(is_delivered(array, element(2) + element(3)));
    CHECK(is_delivered(array, element(4)));
    CHECK(is_delivered(array, element(5)));
    CHECK(numbers_in(text()) == Numbers{1, 2, 3, 4, 5});
}

TEST_CASE_FIXTURE(Place, "the next run continues the array, and that of LXC Monitor") {
    for (int number = 1; number < 4; ++number) {
        ArrayFile array = sink();
        CHECK(is_delivered(array, element(number)));
    }
    CHECK(numbers_in(text()) == Numbers{1, 2, 3});
    folder.write("metrics.json", "[\n    {\n        \"n\": 7\n    }\n]");
    ArrayFile array = sink();
    CHECK(is_delivered(array, element(8)));
    CHECK(is_delivered(array, element(9)));
    CHECK(numbers_in(text()) == Numbers{7, 8, 9});
    folder.write("metrics.json", "");
    CHECK(is_delivered(array, element(10)));
    CHECK(is_delivered(array, element(11)));
    CHECK(is_delivered(array, element(12)));
    CHECK(numbers_in(text()) == Numbers{10, 11, 12});
}

TEST_CASE_FIXTURE(Place, "a torn array is cut after its last whole element") {
    const std::string whole = "[\n" + element(1) + ",\n" + element(2) + ",\n" + element(3, 100) + "]";
    for (const std::size_t lost : {2U, 20U, 110U}) {
        folder.write("metrics.json", whole.substr(0, whole.size() - lost));
        ArrayFile array = sink();
        CHECK(is_delivered(array, element(4)));
        CHECK(is_delivered(array, element(5)));
        CHECK(is_delivered(array, element(6)));
        const Numbers left = numbers_in(text());
        CHECK(left == (lost == 2 ? Numbers{1, 2, 3, 4, 5, 6} : Numbers{1, 2, 4, 5, 6}));
    }
}

TEST_CASE_FIXTURE(Place, "an element costs the same however long the array is: two files take turns") {
    ArrayFile array = sink();
    for (int number = 0; number < 3; ++number)
        CHECK(is_delivered(array, element(number)));
    const ino_t first = inode(file);
    const ino_t second = inode(spare);
    for (int number = 3; number < 20; ++number) {
        CHECK(is_delivered(array, element(number)));
        CHECK(inode(file) == (number % 2 == 0 ? first : second));
    }
    CHECK(numbers_in(text()).size() == 20);
}

TEST_CASE_FIXTURE(Place, "a reader that still has an old file open never sees it change") {
    ArrayFile array = sink();
    CHECK(is_delivered(array, element(1)));
    CHECK(is_delivered(array, element(2)));
    const io::UniqueFd reader(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    const std::string was = text();
    // A reader in this process counts as one of another.
    for (int number = 3; number < 8; ++number)
        CHECK(is_delivered(array, element(number)));
    std::string now(1000, '\0');
    const ssize_t size = ::pread(reader.get(), now.data(), now.size(), 0);
    REQUIRE(size > 0);
    CHECK(now.substr(0, static_cast<std::size_t>(size)) == was);
    CHECK(numbers_in(text()) == Numbers{1, 2, 3, 4, 5, 6, 7});
}

TEST_CASE_FIXTURE(Place, "readers in a loop see valid JSON while the writer is killed again and again") {
    constexpr int kills = 50;
    std::atomic<bool> ends{false};
    std::atomic<int> invalid{0};
    std::atomic<int> reads{0};
    {
        ArrayFile first = sink();
        REQUIRE(is_delivered(first, element(0)));
    }
    std::vector<std::thread> readers;
    for (int each = 0; each < 2; ++each)
        readers.emplace_back([&] {
            while (!ends) {
                invalid += nlohmann::json::accept(text()) ? 0 : 1;
                ++reads;
            }
        });
    int written = 0;
    for (int kill = 0; kill < kills; ++kill) {
        int progress[2] = {-1, -1};
        REQUIRE(::pipe(progress) == 0);
        const pid_t writer = in_child([&] {
            ArrayFile array = sink(std::uint64_t{64} << 10U, 2);
            for (int number = written; true; ++number) {
                if (array.send(element(number, 2000)).outcome != Outcome::delivered)
                    ::_exit(1);
                if (::write(progress[1], &number, sizeof(number)) < 0)
                    ::_exit(1);
            }
        });
        ::close(progress[1]);
        int number = 0;
        int left = 2 + kill % 5; // a kill at any point of a write
        while (left-- > 0 && ::read(progress[0], &number, sizeof(number)) == sizeof(number))
            written = number + 1;
        ::kill(writer, SIGKILL);
        while (::read(progress[0], &number, sizeof(number)) == sizeof(number))
            written = number + 1;
        ::close(progress[0]);
        int status = 0;
        REQUIRE(::waitpid(writer, &status, 0) == writer);
        CHECK(WIFSIGNALED(status));
        // All that was reported is there; the kill has cost at most the element that was being written.
        const Numbers now = numbers_in(text());
        CHECK(now.back() >= written - 1);
        written = now.back() + 1;
    }
    ends = true;
    for (std::thread& reader : readers)
        reader.join();
    CHECK(invalid == 0);
    CHECK(reads > 0);
}

TEST_CASE_FIXTURE(Place, "rotated by size: each file is an array, and no element is lost or twice") {
    ArrayFile array = sink(300, 2);
    for (int number = 0; number < 30; ++number) {
        CHECK(is_delivered(array, element(number, 50)));
        CHECK(numbers_in(text()).back() == number);
        CHECK(std::filesystem::file_size(file) <= 300);
    }
    Numbers all;
    for (const std::string& name : {file + ".2", file + ".1", file}) {
        const Numbers numbers = numbers_in(read_all(name));
        all.insert(all.end(), numbers.begin(), numbers.end());
    }
    CHECK(all.back() == 29);
    for (std::size_t at = 1; at < all.size(); ++at)
        CHECK(all[at] == all[at - 1] + 1);
    CHECK_FALSE(std::filesystem::exists(file + ".3"));
}

TEST_CASE_FIXTURE(Place, "with 0 or 1 kept files, and with an element that is larger than a file") {
    ArrayFile none = sink(100, 0);
    CHECK(is_delivered(none, element(1, 200)));
    CHECK(is_delivered(none, element(2, 200)));
    CHECK(numbers_in(text()) == Numbers{2});
    CHECK_FALSE(std::filesystem::exists(file + ".1"));
    ArrayFile one = sink(100, 1);
    CHECK(is_delivered(one, element(3, 200)));
    CHECK(is_delivered(one, element(4, 200)));
    CHECK(numbers_in(text()) == Numbers{4});
    CHECK(numbers_in(read_all(file + ".1")) == Numbers{3});
    CHECK_FALSE(std::filesystem::exists(file + ".2"));
}

TEST_CASE_FIXTURE(Place, "a kill in the middle of a rotation changes no rotated file later") {
    folder.write("metrics.json", "[" + element(1, 200) + "]");
    std::filesystem::create_hard_link(file, file + ".1"); // as a kill leaves them
    ArrayFile array = sink(1000, 3);
    for (int number = 2; number < 5; ++number)
        CHECK(is_delivered(array, element(number)));
    CHECK(numbers_in(read_all(file + ".1")) == Numbers{1});
    CHECK(numbers_in(text()) == Numbers{1, 2, 3, 4});
}

TEST_CASE_FIXTURE(Place, "the mode of the file stays, whoever has set it") {
    ArrayFile array = sink();
    CHECK(is_delivered(array, element(1)));
    CHECK(is_delivered(array, element(2)));
    REQUIRE(::chmod(file.c_str(), 0644) == 0);
    for (int number = 3; number < 7; ++number) {
        CHECK(is_delivered(array, element(number)));
        struct stat status {};
        REQUIRE(::stat(file.c_str(), &status) == 0);
        CHECK((status.st_mode & 0777U) == 0644);
    }
}

TEST_CASE_FIXTURE(Place, "a file that was renamed or removed is made again, without the old elements") {
    ArrayFile array = sink();
    CHECK(is_delivered(array, element(1)));
    CHECK(is_delivered(array, element(2)));
    std::filesystem::rename(file, folder.path("old"));
    CHECK(is_delivered(array, element(3)));
    CHECK(numbers_in(text()) == Numbers{3});
    CHECK(numbers_in(read_all(folder.path("old"))) == Numbers{1, 2});
    std::filesystem::remove(file);
    CHECK(is_delivered(array, element(4)));
    CHECK(is_delivered(array, element(5)));
    CHECK(numbers_in(text()) == Numbers{4, 5});
}

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
