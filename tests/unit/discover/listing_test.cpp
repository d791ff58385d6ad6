// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/encoded.hpp"
#include "support/fake_monitor.hpp"
#include "support/log_capture.hpp"
#include "support/temp_tree.hpp"

#include "discover/container_table.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

using namespace lxcmon::discover;
using lxcmon::Container;
using lxcmon::test::count_of;
using lxcmon::test::FakeMonitor;
using lxcmon::test::LogCapture;
using lxcmon::test::TempTree;

// When the table lists an lxcpath again, and what it detects without a listing.
namespace {

constexpr std::chrono::nanoseconds never = std::chrono::hours(1), at_once{0};
constexpr const char* configuration = "lxc.rootfs.path = dir:/nowhere\n";

using Names = std::vector<std::string>;

/// A table of an lxcpath with the container `web` and `empty`, a folder without a configuration.
class Table {
  public:
    explicit Table(ListingSettings listing)
        : table_(DiscoverSettings{{tree_.path()}, {}, {"*.no"}, {}, {}, listing}) {
        tree_.write("web/config", configuration);
        std::filesystem::create_directory(tree_.path() / "empty");
        settle();
        CHECK(names() == Names{"web"});
    }
    /// Names after a refresh.
    Names names() {
        table_.refresh();
        Names names;
        for (const Container* each : table_.containers())
            names.push_back(each->name);
        return names;
    }
    /// Waits until the next change of the lxcpath gets another time stamp.
    void settle() const {
        using Time = std::filesystem::file_time_type;
        while (Time::clock::now() - std::filesystem::last_write_time(tree_.path()) <
               std::chrono::milliseconds(20)) {
        }
    }
    [[nodiscard]] std::size_t left_out() const noexcept { return table_.left_out(); }
    [[nodiscard]] const TempTree& tree() const noexcept { return tree_; }

  private:
    TempTree tree_;
    ContainerTable table_;
};

} // namespace

// As root, whose lxcpath is watched; a user's is listed every 5 s.
TEST_CASE("a configuration created in an old folder is seen at the next due listing" *
          doctest::test_suite("needs root")) {
    Table seldom({never, at_once});
    Table often({at_once, at_once});
    Table unsettled({never, never});
    for (const Table* table : {&seldom, &often, &unsettled})
        table->tree().write("empty/config", configuration);
    CHECK(seldom.names() == Names{"web"});
    CHECK(often.names() == Names{"empty", "web"});
    CHECK(unsettled.names() == Names{"empty", "web"});
}

TEST_CASE("a created or removed folder is seen at once" * doctest::test_suite("needs root")) {
    Table table({never, at_once});
    table.tree().write("db/config", configuration);
    CHECK(table.names() == Names{"db", "web"});
    table.settle();
    CHECK(table.names() == Names{"db", "web"});
    table.tree().remove("web");
    CHECK(table.names() == Names{"db"});
    table.settle();
    std::filesystem::rename(table.tree().path() / "db", table.tree().path() / "mail");
    CHECK(table.names() == Names{"mail"});
}

TEST_CASE("an lxcpath that could not be listed is listed at the next refresh" *
          doctest::test_suite("needs root")) {
    Table table({never, at_once});
    const std::string path = table.tree().path(), aside = path + ".aside";
    LogCapture log;
    std::filesystem::rename(path, aside);
    CHECK(table.names() == Names{"web"}); // known entries stay
    std::filesystem::rename(aside, path);
    table.tree().write("empty/config", configuration);
    CHECK(table.names() == Names{"empty", "web"});
}

TEST_CASE("each reason why an lxcpath can't be listed is said once" * doctest::test_suite("needs root")) {
    Table table({never, at_once});
    const std::string path = table.tree().path();
    LogCapture log;
    const auto said = [&] {
        for (int tick = 0; tick < 3; ++tick)
            static_cast<void>(table.names());
        return count_of(log.take(), "new containers are not seen until this is fixed");
    };
    std::filesystem::rename(path, path + ".aside");
    CHECK(said() == 1);
    std::filesystem::copy_file("/proc/self/comm", path);
    CHECK(said() == 1);
    std::filesystem::remove(path);
    CHECK(said() == 1);
    std::filesystem::rename(path + ".aside", path);
}

TEST_CASE("a failed listing is repeated, even if the folder has not changed") {
    const TempTree tree;
    FolderWatch watch({never, at_once});
    while (watch.is_due(tree.path())) { // until a later change has another time stamp
    }
    CHECK_FALSE(watch.is_due(tree.path()));
    watch.forget();
    CHECK(watch.is_due(tree.path()));
    CHECK_FALSE(watch.is_due(tree.path()));
}

TEST_SUITE_BEGIN("needs root");

TEST_CASE("the start and end of an unknown container's monitor are seen at once") {
    Table table({never, at_once});
    {
        const FakeMonitor excluded(0, table.tree().path(), "a.no");
        table.tree().write("empty/config", configuration);
        CHECK(table.names() == Names{"web"}); // not listed
        const FakeMonitor untrusted(65534, table.tree().path(), "phantom");
        CHECK(table.names() == Names{"empty", "web"});
    }
    LogCapture log;
    FakeMonitor monitor(0, table.tree().path(), "executed");
    for (int round = 0; round < 2; ++round) {
        CHECK(table.names() == Names{"empty", "web"});
        CHECK(table.left_out() == 1); // this monitor gives no state
        CHECK((log.take().find("container executed of ") != std::string::npos) == (round == 0));
    }
    monitor.end();
    CHECK(table.names() == Names{"empty", "web"});
    CHECK(table.left_out() == 0);
}

TEST_SUITE_END();
