// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/encoded.hpp"
#include "support/log_capture.hpp"
#include "support/temp_tree.hpp"
#include "support/waiting.hpp"

#include "discover/managers/manager.hpp"
#include "discover/managers/pve_config.hpp"
#include "io/unique_fd.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <chrono>
#include <functional>
#include <string>

using namespace std::chrono_literals;
using lxcmon::Container;
using lxcmon::Managed;
using lxcmon::discover::decode;
using lxcmon::discover::encode;
using lxcmon::discover::Manager;
using lxcmon::discover::ManagerAnswer;
using lxcmon::discover::ManagerSettings;
using lxcmon::discover::parse_pve_config;
using lxcmon::discover::proxmox_ve;
using lxcmon::discover::read_pve_folder;
using lxcmon::test::count_of;
using lxcmon::test::LogCapture;
using lxcmon::test::TempTree;

namespace {

constexpr ManagerSettings often{10ms, 5s, 10s};
constexpr Manager::Clock::time_point long_ago{};

Manager manager_of(const TempTree& tree, const ManagerSettings& settings = often) {
    return {proxmox_ve(), tree.path() / "pve/lxc", settings};
}

bool is_soon(const std::function<bool()>& condition) {
    return lxcmon::test::comes_true(condition, 10s);
}

std::string name_of(const Manager& manager, const std::string& vmid) {
    const Managed* const managed = manager.find(vmid);
    return managed != nullptr ? managed->host_name : "";
}

/// Refreshes until 101 has this name and this message was logged; returns the whole log.
std::string said_until(Manager& manager, LogCapture& log, const std::string& name,
                       const std::string& message) {
    std::string said;
    CHECK(is_soon([&] {
        static_cast<void>(manager.refresh());
        said += log.take();
        return name_of(manager, "101") == name && said.find(message) != std::string::npos;
    }));
    return said;
}

/// As Proxmox VE's configuration for LXC has it, unless `cgroup_dir` says otherwise.
Container stopped(const std::string& vmid, const std::string& cgroup_dir = {}) {
    Container container;
    container.name = vmid;
    container.cgroup_dir = cgroup_dir.empty() ? "lxc/" + vmid : cgroup_dir;
    return container;
}

Managed named(const std::string& host_name) {
    Managed managed;
    managed.host_name = host_name;
    managed.onboot = managed.is_template = false;
    return managed;
}

std::string host_name_of(const std::string& conf) {
    return parse_pve_config(conf).host_name;
}

} // namespace

TEST_CASE("a configuration of Proxmox VE has the host name in its first section") {
    CHECK(host_name_of("arch: amd64\nhostname: web\nmemory: 512\n") == "web");
    CHECK(host_name_of("hostname: web.example.org") == "web.example.org"); // truncated, or without final LF
    CHECK(host_name_of("hostname:\t web-1 \r\n") == "web-1");
    CHECK(host_name_of("hostname: old\nhostname: new\n") == "new"); // as in Proxmox VE
    CHECK(host_name_of("#hostname%3A no\nhostname: yes\n\n[before]\nhostname: snapshot\n") == "yes");
    CHECK(host_name_of("arch: amd64\n[before]\nhostname: snapshot\n").empty());
    CHECK(host_name_of("[pve:pending]\nhostname: pending\n").empty());
    CHECK(host_name_of("").empty());
    CHECK(host_name_of("hostnames: web\n# hostname: web\n hostname: web\nhostname\n").empty());
}

TEST_CASE("an invalid host name is no name") {
    for (const std::string wrong : {"", " ", "-web", "web-", "web.", ".web", "a..b", "a b",
                                    "w\xc3\xa9"
                                    "b",
                                    "web_1", "a=b,c", "web\"", "a/b"})
        CHECK(host_name_of("hostname: " + wrong + "\n").empty());
    CHECK(host_name_of("hostname: " + std::string(63, 'a') + "\n") == std::string(63, 'a'));
    CHECK(host_name_of("hostname: " + std::string(64, 'a') + "\n").empty());
    std::string labels = "a";
    while (labels.size() < 253)
        labels += ".a";
    CHECK(host_name_of("hostname: " + labels + "\n") == labels);
    CHECK(host_name_of("hostname: " + labels + ".a\n").empty());
    CHECK(host_name_of("hostname: web\nhostname: not one\n") == "web");
}

TEST_CASE("a configuration of Proxmox VE has lock, tags, onboot, template and cores") {
    Managed wanted = named("web");
    wanted.lock = "backup";
    wanted.tags = "prod;db-1;a.b+c_d";
    wanted.onboot = wanted.is_template = true;
    wanted.cores = 2;
    const std::string conf = "cores: 2\nhostname: web\nlock: backup\nonboot: 1\ntags: prod;db-1;a.b+c_d\n"
                             "template: 1\nunprivileged: 1\n";
    CHECK(parse_pve_config(conf) == wanted);
    CHECK(parse_pve_config(conf + "\n[snap]\ncores: 4\nlock: snapshot\nonboot: 0\n") == wanted);
    wanted.onboot = wanted.is_template = false;
    CHECK(parse_pve_config(conf + "onboot: 0\ntemplate: no\n") == wanted);
    CHECK(parse_pve_config("memory: 512\n") == named(""));
    for (const std::string wrong :
         {"cores: 0\n", "cores: -1\n", "cores: 2.5\n", "cores: 99999999\n", "cores:\n", "onboot: 2\n",
          "onboot:\n", "template: x\n", "lock: a b\n", "lock: a\x01\n", "tags: a\"b\n", "tags: \xc3\xa9\n"})
        CHECK(parse_pve_config(wrong) == named(""));
    CHECK(parse_pve_config("tags: " + std::string(1'000, 'a')).tags.size() == 1'000);
    CHECK(parse_pve_config("tags: " + std::string(1'001, 'a')).tags.empty());
}

TEST_CASE("read_pve_folder reads each VMID.conf and no other file") {
    const TempTree tree;
    const std::string folder = tree.path() / "pve/lxc";
    tree.write("pve/lxc/101.conf", "hostname: web\n");
    tree.write("pve/lxc/102.conf", "memory: 5\n");
    tree.write("pve/lxc/web.conf", "hostname: not-a-vmid\n");
    tree.write("pve/lxc/103.conf.tmp.99", "hostname: temporary\n");
    tree.write("pve/lxc/1234567890.conf", "hostname: too-long\n");
    tree.write("pve/lxc/104.conf", "hostname: big\n" + std::string(2U << 20U, '#'));
    tree.write("pve/lxc/105.conf/file", "hostname: folder\n");
    ManagerAnswer answer;
    CHECK(read_pve_folder(folder, {}, answer) == 0);
    CHECK(answer == ManagerAnswer{{{"101", named("web")}, {"102", named("")}, {"104", {}}, {"105", {}}}, {}});
    // A file that can't be read keeps its settings; a removed file does not.
    answer = {};
    const ManagerAnswer before{
        {{"102", named("b")}, {"104", named("d")}, {"105", named("e")}, {"106", named("f")}}, {}};
    CHECK(read_pve_folder(folder, before, answer) == 0);
    CHECK(answer ==
          ManagerAnswer{{{"101", named("web")}, {"102", named("")}, {"104", named("d")}, {"105", named("e")}},
                        {}});
    CHECK(read_pve_folder(tree.path() / "pve/none", {}, answer) == ENOENT);
}

TEST_CASE("an answer from the process that asks is checked") {
    ManagerAnswer given{{{"101", named("web")}, {"9", {}}}, {{"202", "pve2"}}};
    given.here["101"].lock = "backup";
    given.here["101"].tags = "a;b";
    given.here["101"].cores = 4;
    ManagerAnswer answer;
    CHECK(decode(encode(given, 0), answer) == 0);
    CHECK(answer == given);
    CHECK(decode(encode(given, ENOENT), answer) == ENOENT);
    for (const std::string wrong :
         {"", "end 0", "end x\n", "end 0\nend 0\n", "101 web\nend 0\n", "here\nend 0\n", "here a/b\nend 0\n",
          "here ..\nend 0\n", "here a b\nend 0\n", "hostname: web\nend 0\n",
          "here 101\nhostname: a b\nend 0\n", "here 101\ncolour: red\nend 0\n", "elsewhere 101\nend 0\n",
          "elsewhere pve2 1\nonboot: 1\nend 0\n"})
        CHECK_MESSAGE(decode(wrong, answer) == EIO, wrong);
}

TEST_CASE("settings are known after the first refresh, and change with the file") {
    const TempTree tree;
    tree.write("pve/lxc/101.conf", "hostname: web\n");
    LogCapture log;
    Manager manager = manager_of(tree);
    CHECK(manager.find("101") == nullptr);
    CHECK(manager.refresh());
    CHECK(name_of(manager, "101") == "web");
    CHECK(manager.find("10") == nullptr);
    tree.write("pve/lxc/101.conf", "hostname: www\n");
    CHECK(is_soon([&] { return manager.refresh() && name_of(manager, "101") == "www"; }));
    CHECK(log.take().empty());
    CHECK(manager.finding({}).ok);
}

TEST_CASE("a cluster of 11,000 containers is taken whole, with a configuration of 1 MiB") {
    const TempTree tree;
    std::string conf = "hostname: big\n";
    conf.resize(1U << 20U, '#');
    tree.write("pve/lxc/9.conf", conf);
    tree.write("pve/nodes/pve2/lxc/8.conf", "");
    const std::string own = tree.path() / "pve/lxc/", other = tree.path() / "pve/nodes/pve2/lxc/";
    for (int vmid = 100; vmid < 1'099; ++vmid)
        std::filesystem::create_hard_link(own + "9.conf", own + std::to_string(vmid) + ".conf");
    for (int vmid = 10'000; vmid < 19'999; ++vmid)
        std::filesystem::create_hard_link(other + "8.conf", other + std::to_string(vmid) + ".conf");
    Manager manager = manager_of(tree, {1h, 60s, 60s});
    REQUIRE(manager.refresh());
    CHECK(manager.answer().here.size() == 1'000);
    CHECK(manager.answer().elsewhere.size() == 10'000);
    CHECK(name_of(manager, "1098") == "big");
}

TEST_CASE("a container that is not in the folder has left, if it is Proxmox VE's") {
    const TempTree tree;
    tree.write("pve/lxc/101.conf", "");
    tree.write("pve/nodes/pve2/lxc/202.conf", "");
    Manager manager = manager_of(tree);
    CHECK(manager.left_for(stopped("202"), long_ago).empty()); // nothing is known yet
    CHECK(manager.refresh());
    CHECK(manager.left_for(stopped("101"), long_ago).empty());
    CHECK(manager.left_for(stopped("202"), long_ago) == "pve2");
    CHECK(manager.left_for(stopped("202", "elsewhere/202"), long_ago).empty()); // made by plain LXC
    CHECK(manager.left_for(stopped("303"), long_ago) == "destroyed");
    CHECK(manager.left_for(stopped("303", "lxc/30"), long_ago).empty()); // made by plain LXC
    CHECK(manager.left_for(stopped("web"), long_ago).empty());
    CHECK(manager.left_for(stopped("303"), Manager::Clock::now()).empty()); // newer than the answer
    tree.remove("pve/lxc/101.conf");
    CHECK(is_soon([&] { return manager.refresh() && !manager.left_for(stopped("101"), long_ago).empty(); }));
    // While it does not answer nothing changes.
    tree.remove("pve/lxc");
    tree.remove("pve/nodes/pve2/lxc/202.conf");
    CHECK(is_soon([&] {
        CHECK_FALSE(manager.refresh());
        return !manager.finding({}).ok;
    }));
    CHECK(manager.left_for(stopped("202"), long_ago) == "pve2");
}

TEST_CASE("as long as there is no answer, a scan that fails is tried again before the period is over") {
    const TempTree tree;
    LogCapture log;
    Manager manager = manager_of(tree, {1h, 5s, 1h, 10ms});
    CHECK_FALSE(manager.refresh());
    CHECK_FALSE(manager.finding({}).ok);
    tree.write("pve/lxc/101.conf", "hostname: web\n");
    CHECK(count_of(said_until(manager, log, "web", "answers again"), "answers again") == 1);
}

TEST_CASE("if the folder disappears what is known stays, and it is logged once") {
    const TempTree tree;
    tree.write("pve/lxc/101.conf", "hostname: web\n");
    LogCapture log;
    Manager manager = manager_of(tree);
    static_cast<void>(manager.refresh());
    tree.remove("pve/lxc");
    std::string said = said_until(manager, log, "web", "pve/lxc can't be read: No such file");
    for (int round = 0; round < 20; ++round) {
        static_cast<void>(manager.refresh());
        CHECK(name_of(manager, "101") == "web");
    }
    said += log.take();
    CHECK(count_of(said, "warning ") == 1);
    tree.write("pve/lxc/101.conf", "hostname: www\n");
    CHECK(count_of(said_until(manager, log, "www", "answers again"), "answers again") == 1);
}

TEST_CASE("a hung filesystem affects only what is known") {
    const TempTree tree;
    tree.write("pve/lxc/101.conf", "hostname: web\n");
    // open() of a FIFO waits for a writer without end, like a file of a hung FUSE filesystem.
    const std::string fifo = tree.path() / "pve/lxc/102.conf";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    LogCapture log;
    ManagerSettings settings = often;
    settings.first_wait = 20ms;
    settings.hang_after = 50ms;
    {
        Manager manager = manager_of(tree, settings);
        std::string said = said_until(manager, log, "", "does not answer");
        static_cast<void>(manager.refresh());
        said += log.take();
        CHECK(count_of(said, "does not answer") == 1);
        const lxcmon::Finding finding = manager.finding({});
        CHECK_FALSE(finding.ok);
        CHECK(finding.message ==
              std::string(tree.path() / "pve/lxc") + " does not answer: is pve-cluster running?");
        SUBCASE("for a while") {
            {
                const lxcmon::io::UniqueFd writer(::open(fifo.c_str(), O_WRONLY | O_CLOEXEC));
                tree.remove("pve/lxc/102.conf");
            }
            CHECK(count_of(said_until(manager, log, "web", "answers again"), "answers again") == 1);
        }
        SUBCASE("without end: the destructor does not wait") {}
    }
    // Releases the abandoned process.
    const lxcmon::io::UniqueFd writer(::open(fifo.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
}
