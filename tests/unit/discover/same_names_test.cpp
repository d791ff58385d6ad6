// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/encoded.hpp"
#include "support/log_capture.hpp"

#include "discover/names/same_names.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace lxcmon;
using lxcmon::discover::mark_same_names;
using lxcmon::test::count_of;
using lxcmon::test::LogCapture;

namespace {

/// Containers in the order of their lxcpaths.
class List {
  public:
    List(std::initializer_list<std::pair<const char*, const char*>> paths_and_names) {
        for (const auto& [lxcpath, name] : paths_and_names)
            add(lxcpath, name);
    }
    void add(const std::string& lxcpath, const std::string& name) {
        all_.push_back(std::make_unique<Container>());
        all_.back()->lxcpath = lxcpath;
        all_.back()->name = name;
    }
    void remove_first() { all_.erase(all_.begin()); }
    /// A letter for each container: "-" plain, "t" has the tag lxcpath, "x" left out.
    std::string marks() {
        std::vector<Container*> list;
        for (const auto& each : all_)
            list.push_back(each.get());
        mark_same_names(list, [this](const Container&) { return may_log; });
        std::string letters;
        for (const Container* each : list)
            letters += each->repeats_name ? 'x' : each->shadowed ? 't' : '-';
        return letters;
    }

    bool may_log = true;

  private:
    std::vector<std::unique_ptr<Container>> all_;
};

} // namespace

TEST_CASE("a container of a later lxcpath with the same name has a tag") {
    LogCapture log;
    List list{{"/a", "web"}, {"/b", "db"}, {"/b", "web"}};
    for (int round = 0; round < 2; ++round) {
        CHECK(list.marks() == "--t");
        CHECK(count_of(log.take(),
                       "container web of /b: a container of /a has the same name: its points have "
                       "the tag lxcpath") == (round == 0 ? 1 : 0));
    }
    list.remove_first();
    CHECK(list.marks() == "--");
    CHECK(log.take().empty());
}

TEST_CASE("names count as they are sent") {
    LogCapture log;
    List list{{"/a", "my\001db"}, {"/b", "my_db"}};
    for (int round = 0; round < 2; ++round) {
        CHECK(list.marks() == "-t");
        CHECK(
            count_of(log.take(),
                     "container my_db of /b: its name is sent as my_db, like that of container my\\x01db of "
                     "/a: its points have the tag lxcpath") == (round == 0 ? 1 : 0));
    }
    list.remove_first();
    CHECK(list.marks() == "-");
    list.add("/c", "my\002db");
    CHECK(list.marks() == "-t");
    CHECK(count_of(log.take(),
                   "container my\\x02db of /c: its name is sent as my_db, like that of container my_db of "
                   "/b: its points") == 1);
}

TEST_CASE("of two names of one lxcpath that are sent as one, the clean one is sent") {
    LogCapture log;
    List list{{"/a", "my\001db"}, {"/a", "my\002db"}, {"/a", "my_db"}, {"/a", "other"}};
    for (int round = 0; round < 2; ++round) {
        CHECK(list.marks() == "xx--");
        const std::string said = log.take();
        for (const char* name : {"my\\x01db", "my\\x02db"})
            CHECK(count_of(
                      said,
                      "container " + std::string(name) +
                          " of /a: it is left out: its name is sent as my_db, like that of container my_db "
                          "of this lxcpath") == (round == 0 ? 1 : 0));
    }
}

TEST_CASE("of two names without a clean one the first is sent") {
    LogCapture log;
    List list{{"/a", "my\002db"}, {"/a", "my\001db"}};
    CHECK(list.marks() == "-x");
    CHECK(count_of(log.take(),
                   "container my\\x01db of /a: it is left out: its name is sent as my_db, like that "
                   "of container my\\x02db of this lxcpath") == 1);
}

TEST_CASE("beside another lxcpath, too, only one of the lxcpath's own names is sent") {
    LogCapture log;
    List list{{"/a", "my_db"}, {"/b", "my\001db"}, {"/b", "my_db"}};
    CHECK(list.marks() == "-xt");
}

TEST_CASE("a container that may not be logged is marked all the same") {
    LogCapture log;
    List list{{"/a", "my_db"}, {"/a", "my\001db"}, {"/b", "my_db"}};
    list.may_log = false;
    CHECK(list.marks() == "-xt");
    CHECK(log.take().empty());
}

TEST_CASE("an earlier lxcpath has precedence whether its name is clean or not") {
    LogCapture log;
    List list{{"/a", "my\001db"}, {"/b", "my_db"}, {"/b", "my\002db"}};
    CHECK(list.marks() == "-tx");
}
