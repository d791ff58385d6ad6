// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/temp_tree.hpp"
#include "support/unix_daemon.hpp"

#include "discover/managers/instances.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <string>
#include <vector>

using lxcmon::discover::ask_for_instances;
using lxcmon::discover::ManagerAnswer;
using lxcmon::discover::parse_instances;
using lxcmon::test::alone;
using lxcmon::test::answer_with;
using lxcmon::test::instance;
using lxcmon::test::of_cluster;
using lxcmon::test::TempTree;
using lxcmon::test::UnixDaemon;

TEST_CASE("LXD's answer has the containers of all projects, with onboot and cores") {
    ManagerAnswer answer;
    const std::string list =
        instance("web", R"(,"project":"default","location":"none")",
                 R"("boot.autostart":"true","limits.cpu":"2","user.x":"y")") +
        "," + instance("db", R"(,"project":"shop")", R"("boot.autostart":"false","limits.cpu":"0-3")") + "," +
        instance("bare") +
        R"(,{"name":"unloaded"},{"type":"virtual-machine","name":"vm","expanded_config":{}},)" +
        instance("no/name") + R"(,{"name":5},"text",null)";
    CHECK(parse_instances(alone, answer_with(list), answer) == 0);
    ManagerAnswer wanted;
    wanted.here["web"].onboot = true;
    wanted.here["web"].cores = 2;
    wanted.here["shop_db"].onboot = false;
    wanted.here["bare"] = wanted.here["unloaded"] = {};
    CHECK(answer == wanted);
}

TEST_CASE("LXD's answer has the disk devices with a mount point, also those of profiles") {
    std::string many;
    for (int number = 0; number < 100; ++number)
        many += R"(,"d)" + std::to_string(number) + R"(":{"type":"disk","path":"/)" + std::to_string(number) +
                "\"}";
    const std::string list =
        instance(
            "web",
            R"(,"devices":{"not":{"type":"disk","path":"/expanded"}},"expanded_devices":{)"
            R"("root":{"path":"/","pool":"default","type":"disk"},)"
            R"("data":{"type":"disk","path":"srv/my data/","source":"/x"},)"
            R"("eth0":{"type":"nic","path":"/no"},"block":{"type":"disk","source":"/dev/x"},)"
            R"("deep":{"type":"disk","more":{"path":"/no","type":"nic"},"path":"/deep"},)"
            R"("bad\nname":{"type":"disk","path":"/bad"},"bad-path":{"type":"disk","path":"/\u001b"}})") +
        "," + instance("many", R"(,"expanded_devices":{)" + many.substr(1) + "}");
    ManagerAnswer answer;
    REQUIRE(parse_instances(alone, answer_with(list), answer) == 0);
    using Disks = std::vector<lxcmon::ManagedDisk>;
    CHECK(answer.here["web"].disks == Disks{{"/", "root"}, {"/srv/my data", "data"}, {"/deep", "deep"}});
    CHECK(answer.here["many"].disks.size() == lxcmon::discover::most_disks);
    ManagerAnswer copy;
    CHECK(lxcmon::discover::decode(lxcmon::discover::encode(answer, 0), copy) == 0);
    CHECK(copy == answer);
}

TEST_CASE("a daemon that can't list all projects says nothing of any container") {
    ManagerAnswer answer;
    for (const std::string old :
         {R"({"metadata":{"environment":{"server_name":"me"}}})",
          R"({"metadata":{"api_extensions":["metrics"],"environment":{}}})",
          R"({"metadata":{"api_extensions":"instance_all_projects","environment":{}}})"})
        CHECK(parse_instances(old, answer_with(instance("web")), answer) == ENOTSUP);
    CHECK(answer == ManagerAnswer{});
}

TEST_CASE("a container of another member of LXD's cluster is elsewhere") {
    const std::string list = instance("web", R"(,"location":"me")") + "," +
                             instance("moved", R"(,"location":"other","project":"shop")");
    ManagerAnswer answer;
    CHECK(parse_instances(of_cluster, answer_with(list), answer) == 0);
    CHECK(answer == ManagerAnswer{{{"web", {}}}, {{"shop_moved", "other"}}});
    answer = {};
    CHECK(parse_instances(alone, answer_with(list), answer) == 0);
    CHECK(answer.elsewhere.empty());
}

TEST_CASE("what is elsewhere in LXD's answer, or another kind of value, is not taken") {
    ManagerAnswer answer;
    const std::string list = R"({"name":"web","project":null,"location":5,"expanded_config":{"limits.cpu":3,)"
                             R"("deep":{"limits.cpu":"4"}},"config":{"limits.cpu":"5"},)"
                             R"("devices":{"root":{"name":"disk","type":"disk","list":[{"name":"x"}]}}})";
    CHECK(parse_instances(alone, answer_with(list), answer) == 0);
    CHECK(answer == ManagerAnswer{{{"web", {}}}, {}});
    CHECK(parse_instances(alone, R"({"metadata":{"[]":{"name":"db"}}})", answer) == EPROTO);
    CHECK(answer.here.size() == 1);
}

TEST_CASE("20,000 instances are taken, and more than 50,000 refused") {
    std::string config;
    for (int number = 0; number < 20; ++number)
        config += R"("user.)" + std::to_string(number) + R"(":"value",)";
    config += R"("limits.cpu":"2")";
    const auto many = [&](int count) {
        std::string list;
        for (int number = 0; number < count; ++number)
            list += (number == 0 ? "" : ",") + instance("c" + std::to_string(number), "", config);
        return answer_with(list);
    };
    ManagerAnswer answer;
    REQUIRE(parse_instances(alone, many(20'000), answer) == 0);
    CHECK(answer.here.size() == 20'000);
    CHECK(answer.here.at("c19999").cores == 2);
    answer = {};
    config = R"("limits.cpu":"2")";
    CHECK(parse_instances(alone, many(50'000), answer) == 0);
    answer = {};
    CHECK(parse_instances(alone, many(50'001), answer) == EOVERFLOW);
}

TEST_CASE("an answer that is not LXD's is refused") {
    ManagerAnswer answer;
    for (const std::string wrong : {"", "{", "[]", "{}", "null", R"({"metadata":5})", R"({"metadata":{}})"}) {
        CHECK(parse_instances(alone, wrong, answer) == EPROTO);
        CHECK(parse_instances(wrong, answer_with(""), answer) == EPROTO);
    }
    CHECK(answer == ManagerAnswer{});
}

TEST_CASE("LXD is asked at its socket") {
    const TempTree tree;
    ManagerAnswer answer;
    const std::string path = tree.path() / "unix.socket";
    CHECK(ask_for_instances(path, answer) == ENOENT);
    CHECK(ask_for_instances("/" + std::string(200, 'a'), answer) == ENAMETOOLONG);
    UnixDaemon daemon(path);
    daemon.answer_well(alone, instance("web"));
    CHECK(ask_for_instances(path, answer) == 0);
    CHECK(answer.here.size() == 1);
    for (const std::string wrong : {"HTTP/1.0 403 Forbidden\r\n\r\n{}", "HTTP/1.0 200 OK\r\n", "nonsense"}) {
        daemon.answer(wrong, wrong);
        CHECK(ask_for_instances(path, answer) == EPROTO);
    }
    const std::string head = "HTTP/1.0 200 OK\r\n\r\n";
    daemon.answer(head + alone, head + std::string(33U << 20U, ' '));
    CHECK(ask_for_instances(path, answer) == EFBIG);
}
