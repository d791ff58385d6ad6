// SPDX-License-Identifier: GPL-2.0-or-later
#include "array_place.hpp"

#include "support/shared.hpp"
#include "support/waiting.hpp"

#include "io/unique_fd.hpp"

#include <fcntl.h>
#include <sys/wait.h>

#include <atomic>
#include <chrono>
#include <filesystem>

using namespace lxcmon;
using namespace lxcmon::test;

namespace {

struct Counts {
    std::atomic<int> reads{0};
    std::atomic<int> invalid{0};
};

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
    {
        ArrayFile first = sink();
        REQUIRE(is_delivered(first, element(0)));
    }
    // Processes and no threads: this one forks writers, and the heap's locks of a thread would stay locked in
    // those.
    const Shared<Counts> counts;
    std::vector<pid_t> readers(2);
    for (pid_t& reader : readers)
        reader = in_child([&] {
            while (true) {
                counts->invalid += nlohmann::json::accept(text()) ? 0 : 1;
                ++counts->reads;
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
    CHECK(test::comes_true([&] { return counts->reads > 0; }, std::chrono::seconds(60)));
    for (const pid_t reader : readers) {
        ::kill(reader, SIGKILL);
        REQUIRE(::waitpid(reader, nullptr, 0) == reader);
    }
    CHECK(counts->invalid == 0);
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
