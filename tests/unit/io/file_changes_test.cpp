// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/file_changes.hpp"

#include "io/unique_fd.hpp"
#include "io/watched_file.hpp"
#include "support/temp_tree.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>

using namespace lxcmon;
using io::FileChanges;
using test::TempTree;

namespace {

/// A folder with two files, and a FileChanges for them.
struct Watched {
    Watched() {
        tree.write("one", "1\n");
        tree.write("other", "2\n");
    }
    [[nodiscard]] FileChanges::Watch watch(const std::string& name) {
        FileChanges::Watch watch = changes.watch(tree.fd(), name);
        CHECK(watch.may_have_changed());
        watch.will_be_read();
        return watch;
    }
    TempTree tree;
    FileChanges changes;
};

} // namespace

TEST_CASE("a file counts as changed from a write until it is read") {
    Watched c;
    FileChanges::Watch one = c.watch("one");
    const FileChanges::Watch other = c.watch("other");
    c.changes.refresh();
    CHECK_FALSE(one.may_have_changed());
    c.tree.write("one", "3\n");
    c.changes.refresh();
    CHECK(one.may_have_changed());
    CHECK_FALSE(other.may_have_changed());
    c.changes.refresh();
    CHECK(one.may_have_changed());
    one.will_be_read();
    CHECK_FALSE(one.may_have_changed());
    one.could_not_be_read();
    CHECK(one.may_have_changed());
}

TEST_CASE("a file watched twice: both watches see a change, and one works on after the other's end") {
    Watched c;
    const FileChanges::Watch one = c.watch("one");
    {
        const FileChanges::Watch again = c.watch("one");
        CHECK_FALSE(again.may_have_changed());
    }
    CHECK_FALSE(one.may_have_changed());
    c.tree.write("one", "3\n");
    c.changes.refresh();
    CHECK(one.may_have_changed());
}

TEST_CASE("a watch can be moved, and a replaced watch gets no events") {
    Watched c;
    std::optional<FileChanges::Watch> first = c.watch("one");
    FileChanges::Watch second = std::move(*first);
    first.reset();
    c.tree.write("one", "3\n");
    c.changes.refresh();
    CHECK(second.may_have_changed());
    second = c.watch("other");
    c.tree.write("one", "4\n");
    c.changes.refresh();
    CHECK_FALSE(second.may_have_changed());
}

TEST_CASE("a missing file always counts as changed") {
    Watched c;
    FileChanges::Watch none = c.changes.watch(c.tree.fd(), "none");
    CHECK_FALSE(none.is_watching());
    none.will_be_read();
    CHECK(none.may_have_changed());
    CHECK_FALSE(c.changes.newly_exhausted());
}

TEST_CASE("a removed file counts as changed") {
    Watched c;
    const FileChanges::Watch one = c.watch("one");
    c.tree.remove("one");
    c.changes.refresh();
    CHECK(one.may_have_changed());
}

TEST_CASE("after an overflow of the event queue every file counts as changed") {
    Watched c;
    c.tree.write("quiet", "0\n");
    const FileChanges::Watch one = c.watch("one");
    const FileChanges::Watch other = c.watch("other");
    const FileChanges::Watch quiet = c.watch("quiet");
    std::string text;
    REQUIRE(io::try_read_whole(AT_FDCWD, "/proc/sys/fs/inotify/max_queued_events", text) == 0);
    // Alternating: the kernel merges two equal events in a row. Without truncating: ext4 then writes to the
    // disk.
    const io::UniqueFd first(::openat(c.tree.fd(), "one", O_WRONLY | O_CLOEXEC));
    const io::UniqueFd second(::openat(c.tree.fd(), "other", O_WRONLY | O_CLOEXEC));
    for (int left = std::stoi(text) / 2 + 2; left > 0; --left) {
        REQUIRE(::pwrite(first.get(), "1", 1, 0) == 1);
        REQUIRE(::pwrite(second.get(), "2", 1, 0) == 1);
    }
    c.changes.refresh();
    CHECK(quiet.may_have_changed());
}

TEST_CASE("at most the allowed number of files is watched, and exhaustion is reported once") {
    const Watched c;
    FileChanges changes(1);
    {
        const FileChanges::Watch one = changes.watch(c.tree.fd(), "one");
        CHECK(one.is_watching());
        CHECK_FALSE(changes.newly_exhausted());
        CHECK_FALSE(changes.watch(c.tree.fd(), "other").is_watching());
        CHECK(changes.newly_exhausted());
        CHECK_FALSE(changes.newly_exhausted());
    }
    CHECK(changes.watch(c.tree.fd(), "other").is_watching());
}

TEST_CASE("a watched file is read after a change and holds no descriptor between reads") {
    Watched c;
    io::FdBudget budget(1);
    io::WatchedFile file(c.tree.fd(), "one", budget, &c.changes);
    std::array<char, 64> buffer{};
    CHECK(file.read(buffer).text == "1\n");
    CHECK_FALSE(file.may_have_changed());
    CHECK(budget.take());
    budget.give_back();
    c.tree.write("one", "3\n");
    c.changes.refresh();
    REQUIRE(file.may_have_changed());
    CHECK(file.read(buffer).text == "3\n");

    std::array<char, 2> small{};
    CHECK(file.read(small).error == EOVERFLOW);
    CHECK(file.may_have_changed());
}

TEST_CASE("without a watch the file stays open and always counts as changed") {
    const Watched c;
    io::FdBudget budget(1);
    io::WatchedFile file(c.tree.fd(), "one", budget, nullptr);
    std::array<char, 64> buffer{};
    CHECK(file.read(buffer).text == "1\n");
    CHECK(file.may_have_changed());
    CHECK_FALSE(budget.take());
}
