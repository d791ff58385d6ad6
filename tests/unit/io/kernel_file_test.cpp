// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/kernel_file.hpp"

#include "support/temp_folder.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>
#include <vector>

using namespace lxcmon::io;
using lxcmon::test::TempFolder;

namespace {

std::ptrdiff_t open_descriptors() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

/// Number of descriptors left; leaves the budget unchanged.
int left_in(FdBudget& budget) {
    int left = 0;
    while (budget.take())
        ++left;
    for (int count = 0; count < left; ++count)
        budget.give_back();
    return left;
}

} // namespace

TEST_CASE("a kernel file reads the same with and without descriptors left in the budget") {
    const TempFolder folder;
    std::array<char, 16> buffer{};
    for (const long limit : {0L, 1L}) {
        CAPTURE(limit);
        FdBudget budget(limit);
        folder.write("file", "one\n");
        KernelFile file(folder.fd(), "file", budget);
        CHECK(file.path() == "file");
        CHECK(file.read(buffer).text == "one\n");
        folder.write("file", "other\n");
        const ReadResult again = file.read(buffer);
        CHECK(again.text == "other\n");
        CHECK(again.error == 0);
        CHECK_FALSE(again.gone());
        folder.write("file", "");
        CHECK(file.read(buffer).text.empty());
        CHECK(file.read(buffer).error == 0);
    }
}

TEST_CASE("a closed kernel file holds no descriptor; the next read opens it") {
    const TempFolder folder;
    folder.write("file", "one\n");
    std::array<char, 16> buffer{};
    FdBudget budget(1);
    const auto before = open_descriptors();
    KernelFile file(folder.fd(), "file", budget);
    file.close();
    CHECK(left_in(budget) == 1);
    for (int round = 0; round < 2; ++round) {
        CHECK(file.read(buffer).text == "one\n");
        CHECK(open_descriptors() == before + 1);
        CHECK(left_in(budget) == 0);
        file.close();
        file.close();
        CHECK(open_descriptors() == before);
        CHECK(left_in(budget) == 1);
    }
}

TEST_CASE("a kernel file keeps one descriptor while the budget allows, and none beyond it") {
    const TempFolder folder;
    folder.write("file", "x\n");
    std::array<char, 16> buffer{};
    FdBudget budget(1);
    KernelFile first(folder.fd(), "file", budget);
    KernelFile second(folder.fd(), "file", budget);
    const auto before = open_descriptors();
    for (int round = 0; round < 3; ++round) {
        CHECK(first.read(buffer).text == "x\n");
        CHECK(second.read(buffer).text == "x\n");
    }
    CHECK(open_descriptors() == before + 1);
}

TEST_CASE("a file of records is read page by page until its end") {
    std::vector<char> buffer(1U << 20U);
    for (const long limit : {0L, 1L}) {
        CAPTURE(limit);
        FdBudget budget(limit);
        KernelFile smaps(AT_FDCWD, "/proc/self/smaps", budget);
        const std::string_view first_page = smaps.read(buffer).text;
        REQUIRE_FALSE(first_page.empty());
        CHECK(first_page.find("[stack]") == std::string_view::npos);
        const std::string_view all = smaps.read(buffer, Pieces::pages).text;
        CHECK(all.find("[stack]") != std::string_view::npos);
        CHECK(all.ends_with('\n'));
        const std::span<char> small(buffer.data(), 8192); // more than a page, less than the file
        CHECK(smaps.read(small, Pieces::pages).error == EOVERFLOW);
    }
}

TEST_CASE("a full buffer: EOVERFLOW") {
    const TempFolder folder;
    folder.write("file", "12345678");
    for (const long limit : {0L, 1L}) {
        FdBudget budget(limit);
        KernelFile file(folder.fd(), "file", budget);
        std::array<char, 8> full{};
        CHECK(file.read(full).error == EOVERFLOW);
        CHECK(file.read(full).text.empty());
        CHECK_FALSE(file.read(full).gone());
        std::array<char, 9> enough{};
        CHECK(file.read(enough).text == "12345678");
    }
}

TEST_CASE("a file that is absent at the first read is not opened again") {
    const TempFolder folder;
    FdBudget budget(5);
    KernelFile file(folder.fd(), "late", budget);
    std::array<char, 16> buffer{};
    const ReadResult absent = file.read(buffer);
    CHECK(absent.error == ENOENT);
    CHECK(absent.gone());
    CHECK(absent.text.empty());
    folder.write("late", "x\n");
    CHECK(file.read(buffer).error == ENOENT);
    CHECK(left_in(budget) == 5);
}

TEST_CASE("after an error other than ENOENT the file is tried again; the budget is unchanged") {
    const TempFolder folder;
    std::filesystem::create_directory(folder.path("entry"));
    FdBudget budget(2);
    KernelFile file(folder.fd(), "entry", budget);
    std::array<char, 16> buffer{};
    const ReadResult wrong = file.read(buffer);
    CHECK(wrong.error == EISDIR);
    CHECK_FALSE(wrong.gone());
    CHECK(left_in(budget) == 2);
    std::filesystem::remove(folder.path("entry"));
    folder.write("entry", "x\n");
    CHECK(file.read(buffer).text == "x\n");
}

TEST_CASE("ENOENT, ENODEV and ESRCH mean gone") {
    for (const int error : {ENOENT, ENODEV, ESRCH})
        CHECK(ReadResult{{}, error}.gone());
    for (const int error : {0, EIO, EACCES, EOVERFLOW})
        CHECK_FALSE(ReadResult{{}, error}.gone());
}

TEST_CASE("an empty budget is reported once") {
    FdBudget budget(1);
    CHECK(budget.take());
    CHECK_FALSE(budget.newly_exhausted());
    CHECK_FALSE(budget.take());
    CHECK(budget.newly_exhausted());
    CHECK_FALSE(budget.newly_exhausted());
    budget.give_back();
    CHECK(budget.take());
    CHECK_FALSE(budget.take());
    CHECK_FALSE(budget.newly_exhausted());
}

TEST_CASE("files read seldom get descriptors again once a quarter of the budget is free") {
    FdBudget budget(8);
    for (int count = 0; count < 8; ++count)
        CHECK(budget.take());
    CHECK_FALSE(budget.take());
    CHECK(budget.is_tight());
    for (int count = 0; count < 2; ++count)
        budget.give_back();
    CHECK_FALSE(budget.is_tight());
    CHECK_FALSE(budget.take(Keep::if_roomy)); // a quarter is for Keep::first
    budget.give_back();
    CHECK(budget.take(Keep::if_roomy));
}

TEST_CASE("the destructor of a kernel file gives its descriptor back") {
    const TempFolder folder;
    folder.write("file", "x\n");
    std::array<char, 16> buffer{};
    FdBudget budget(2);
    const auto before = open_descriptors();
    {
        KernelFile read(folder.fd(), "file", budget);
        KernelFile never_read(folder.fd(), "file", budget);
        CHECK(read.read(buffer).error == 0);
        CHECK(left_in(budget) == 1);
    }
    CHECK(left_in(budget) == 2);
    CHECK(open_descriptors() == before);
}

TEST_CASE("a moved kernel file gives its descriptor back once") {
    const TempFolder folder;
    folder.write("file", "x\n");
    folder.write("other", "y\n");
    std::array<char, 16> buffer{};
    FdBudget budget(2);
    {
        KernelFile first(folder.fd(), "file", budget);
        CHECK(first.read(buffer).error == 0);
        KernelFile second(std::move(first));
        CHECK(left_in(budget) == 1);
        CHECK(second.read(buffer).text == "x\n");

        KernelFile third(folder.fd(), "other", budget);
        CHECK(third.read(buffer).text == "y\n");
        CHECK(left_in(budget) == 0);
        third = std::move(second);
        CHECK(left_in(budget) == 1);
        CHECK(third.path() == "file");
        CHECK(third.read(buffer).text == "x\n");
    }
    CHECK(left_in(budget) == 2);
}

TEST_CASE("a moved kernel file remembers that its file is absent") {
    const TempFolder folder;
    FdBudget budget(1);
    std::array<char, 16> buffer{};
    KernelFile first(folder.fd(), "late", budget);
    CHECK(first.read(buffer).error == ENOENT);
    KernelFile second(std::move(first));
    folder.write("late", "x\n");
    CHECK(second.read(buffer).error == ENOENT);
}

TEST_CASE("read_whole reads a file of several steps; a limit gives EOVERFLOW") {
    const TempFolder folder;
    const std::string text(100'000, 'x');
    folder.write("file", text);
    CHECK(read_whole(folder.fd(), "file") == text);

    std::string read = "left from before";
    CHECK(try_read_whole(folder.fd(), "file", read, text.size()) == 0);
    CHECK(read == text);
    CHECK(try_read_whole(folder.fd(), "file", read, text.size() - 1) == EOVERFLOW);
    folder.write("file", "");
    CHECK(read_whole(folder.fd(), "file").empty());
}

TEST_CASE("reading ends when it has taken too much CPU") {
    const TempFolder folder;
    folder.write("file", std::string(1U << 20U, 'x'));
    std::string text;
    CHECK(try_read_whole(folder.fd(), "file", text, 2U << 20U, 1) == ETIME);
    CHECK(try_read_whole(folder.fd(), "file", text, 2U << 20U, 60'000'000'000) == 0);
}

TEST_CASE("the error of read_whole has the path and the reason") {
    const TempFolder folder;
    std::string text = "left from before";
    CHECK(try_read_whole(folder.fd(), "absent", text) == ENOENT);
    CHECK(text.empty());
    CHECK(try_read_whole(folder.fd(), ".", text) == EISDIR);
    std::optional<std::system_error> thrown;
    try {
        static_cast<void>(read_whole(folder.fd(), "proc/absent"));
    } catch (const std::system_error& error) {
        thrown = error;
    }
    REQUIRE(thrown);
    CHECK(thrown->code().value() == ENOENT);
    CHECK(std::string(thrown->what()).find("/proc/absent") != std::string::npos);
}
