// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/encoded.hpp"
#include "support/log_capture.hpp"
#include "support/temp_tree.hpp"
#include "support/waiting.hpp"

#include "discover/container_table.hpp"
#include "discover/managers/instances.hpp"
#include "io/unique_fd.hpp"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

using namespace std::chrono_literals;
using lxcmon::Managed;
using lxcmon::discover::ask_for_instances;
using lxcmon::discover::ContainerTable;
using lxcmon::discover::DiscoverSettings;
using lxcmon::discover::ManagerAnswer;
using lxcmon::discover::parse_instances;
using lxcmon::test::count_of;
using lxcmon::test::LogCapture;
using lxcmon::test::TempTree;

namespace {

constexpr const char* alone =
    R"({"metadata":{"api_extensions":["metrics","instance_all_projects"],"environment":{"server_name":"me","server_clustered":false}}})";
constexpr const char* of_cluster =
    R"({"metadata":{"api_extensions":["instance_all_projects"],"environment":{"server_name":"me","server_clustered":true}}})";

std::string instance(const std::string& name, const std::string& more = {}, const std::string& config = {}) {
    return R"({"type":"container","name":")" + name + "\"" + more + R"(,"expanded_config":{)" + config + "}}";
}

std::string answer_with(const std::string& instances) {
    return R"({"type":"sync","metadata":[)" + instances + "]}";
}

/// A daemon at a unix socket, with one answer for each connection. It ends with this object.
class UnixDaemon {
  public:
    explicit UnixDaemon(const std::string& path)
        : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        const void* const generic = &address;
        REQUIRE(::bind(listener_.get(), static_cast<const sockaddr*>(generic), sizeof address) == 0);
        REQUIRE(::listen(listener_.get(), 8) == 0);
        thread_ = std::thread([this] { serve(); });
    }
    ~UnixDaemon() {
        is_ending_ = true;
        thread_.join();
    }
    UnixDaemon(const UnixDaemon&) = delete;
    UnixDaemon& operator=(const UnixDaemon&) = delete;

    /// The whole reply to GET /1.0, and to GET /1.0/instances; empty: none, and the connection stays open.
    void answer(std::string server, std::string instances) {
        const std::lock_guard lock(mutex_);
        server_ = std::move(server);
        instances_ = std::move(instances);
    }
    void answer_well(const std::string& server, const std::string& instances) {
        const std::string head = "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n";
        answer(head + server, head + answer_with(instances));
    }

  private:
    void serve() {
        while (!is_ending_) {
            pollfd wait{listener_.get(), POLLIN, 0};
            if (::poll(&wait, 1, 10) != 1)
                continue;
            lxcmon::io::UniqueFd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            std::array<char, 4096> request{};
            const ssize_t length = ::recv(client.get(), request.data(), request.size(), 0);
            const std::string_view text(request.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
            const std::lock_guard lock(mutex_);
            const std::string& reply =
                text.starts_with("GET /1.0/instances?recursion=1&all-projects=true ") ? instances_ : server_;
            if (reply.empty())
                hung_ = std::move(client);
            else
                static_cast<void>(::send(client.get(), reply.data(), reply.size(), MSG_NOSIGNAL));
        }
    }

    lxcmon::io::UniqueFd listener_;
    lxcmon::io::UniqueFd hung_;
    std::atomic<bool> is_ending_ = false;
    std::mutex mutex_;
    std::string server_;
    std::string instances_;
    std::thread thread_;
};

bool has_names(ContainerTable& table, const std::vector<std::string>& wanted) {
    const auto has_them = [&] {
        table.refresh();
        std::vector<std::string> names;
        for (const lxcmon::Container* each : table.containers())
            names.push_back(each->name);
        return names == wanted;
    };
    return lxcmon::test::comes_true(has_them, 20s);
}

} // namespace

TEST_CASE("LXD's answer has the containers of all projects, with onboot and cores") {
    ManagerAnswer answer;
    const std::string list =
        instance("web", R"(,"project":"default","location":"none")",
                 R"("boot.autostart":"true","limits.cpu":"2","user.x":"y")") +
        "," + instance("db", R"(,"project":"shop")", R"("boot.autostart":"false","limits.cpu":"0-3")") + "," +
        instance("bare") + R"(,{"type":"virtual-machine","name":"vm","expanded_config":{}},)" +
        instance("no/name") + R"(,{"name":5},"text",null)";
    CHECK(parse_instances(alone, answer_with(list), answer) == 0);
    ManagerAnswer wanted;
    wanted.here["web"].onboot = true;
    wanted.here["web"].cores = 2;
    wanted.here["shop_db"].onboot = false;
    wanted.here["bare"] = {};
    CHECK(answer == wanted);
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

// As LXD's lxcpath is: root's.
TEST_SUITE_BEGIN("needs root");

TEST_CASE("what LXD no longer has is not shown, and while it does not answer nothing changes") {
    const TempTree tree;
    for (const std::string name : {"web", "moved", "ghost"})
        tree.write("containers/" + name + "/backup.yaml", "");
    std::filesystem::create_directory(tree.path() / "database");
    UnixDaemon daemon(tree.path() / "unix.socket");
    daemon.answer_well(of_cluster, instance("web", R"(,"location":"me")", R"("limits.cpu":"3")") + "," +
                                       instance("moved", R"(,"location":"other")"));
    DiscoverSettings settings;
    settings.lxcpaths = {tree.path() / "containers"};
    settings.managers = {10ms, 5s, 50ms};
    LogCapture log;
    ContainerTable table(settings);
    CHECK(has_names(table, {"web"}));
    REQUIRE(table.containers()[0]->managed != nullptr);
    CHECK(table.containers()[0]->managed->cores == 3);
    CHECK(table.left_out() == 0);
    CHECK(table.managers().at(0).message.find("ghost (nowhere), moved (other)") != std::string::npos);
    CHECK(count_of(log.take(), "it has left") == 2);

    daemon.answer("", "");
    std::string said;
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (said.find("unix.socket does not answer") == std::string::npos &&
           std::chrono::steady_clock::now() < end) {
        table.refresh();
        said += log.take();
        std::this_thread::sleep_for(1ms);
    }
    CHECK(has_names(table, {"web"}));
    CHECK_FALSE(table.managers().at(0).ok);
    // An agent that starts now shows what the folder has.
    settings.managers.first_wait = 20ms;
    ContainerTable late(settings);
    CHECK(has_names(late, {"ghost", "moved", "web"}));
}

TEST_CASE("LXD is not asked on a host without containers of its own") {
    const TempTree tree;
    std::filesystem::create_directories(tree.path() / "containers");
    std::filesystem::create_directory(tree.path() / "database");
    DiscoverSettings settings;
    settings.lxcpaths = {tree.path() / "containers"};
    LogCapture log;
    ContainerTable table(settings);
    CHECK(has_names(table, {}));
    CHECK(table.managers().empty());
    CHECK(log.take().empty());
}

TEST_SUITE_END();
