// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/encoded.hpp"
#include "support/log_capture.hpp"
#include "support/temp_tree.hpp"

#include "discover/container_table.hpp"
#include "discover/names/pve_names.hpp"
#include "io/unique_fd.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <chrono>
#include <functional>
#include <string>
#include <thread>

using namespace std::chrono_literals;
using lxcmon::discover::ContainerTable;
using lxcmon::discover::decode_names;
using lxcmon::discover::DiscoverSettings;
using lxcmon::discover::encode;
using lxcmon::discover::HostNames;
using lxcmon::discover::pve_host_name;
using lxcmon::discover::PveNames;
using lxcmon::discover::PveSettings;
using lxcmon::discover::read_pve_folder;
using lxcmon::test::count_of;
using lxcmon::test::LogCapture;
using lxcmon::test::TempTree;

namespace {

PveSettings settings_of(const TempTree& tree) {
    return {tree.path() / "pve/lxc", 10ms, 5s, 10s};
}

bool comes_true(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end)
            return false;
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

/// Refreshes until 101 has this name and this message was logged; returns the whole log.
std::string said_until(PveNames& names, LogCapture& log, const std::string& name,
                       const std::string& message) {
    std::string said;
    CHECK(comes_true([&] {
        names.refresh();
        said += log.take();
        return names.find("101") == name && said.find(message) != std::string::npos;
    }));
    return said;
}

} // namespace

TEST_CASE("pve_host_name finds the host name in the first section") {
    CHECK(pve_host_name("arch: amd64\nhostname: web\nmemory: 512\n") == "web");
    CHECK(pve_host_name("hostname: web.example.org") == "web.example.org"); // truncated, or without final LF
    CHECK(pve_host_name("hostname:\t web-1 \r\n") == "web-1");
    CHECK(pve_host_name("hostname: old\nhostname: new\n") == "new"); // as in Proxmox VE
    CHECK(pve_host_name("#hostname%3A no\nhostname: yes\n\n[before]\nhostname: snapshot\n") == "yes");
    CHECK_FALSE(pve_host_name("arch: amd64\n[before]\nhostname: snapshot\n"));
    CHECK_FALSE(pve_host_name("[pve:pending]\nhostname: pending\n"));
    CHECK_FALSE(pve_host_name(""));
    CHECK_FALSE(pve_host_name("hostnames: web\n# hostname: web\n hostname: web\n"));
}

TEST_CASE("pve_host_name refuses invalid host names") {
    for (const std::string wrong : {"", " ", "-web", "web-", "web.", ".web", "a..b", "a b",
                                    "w\xc3\xa9"
                                    "b",
                                    "web_1", "a=b,c", "web\"", "a/b"})
        CHECK_FALSE(pve_host_name("hostname: " + wrong + "\n"));
    CHECK(pve_host_name("hostname: " + std::string(63, 'a') + "\n") == std::string(63, 'a'));
    CHECK_FALSE(pve_host_name("hostname: " + std::string(64, 'a') + "\n"));
    std::string labels = "a";
    while (labels.size() < 253)
        labels += ".a";
    CHECK(pve_host_name("hostname: " + labels + "\n") == labels);
    CHECK_FALSE(pve_host_name("hostname: " + labels + ".a\n"));
    CHECK(pve_host_name("hostname: web\nhostname: not one\n") == "web");
}

TEST_CASE("read_pve_folder reads each VMID.conf and no other file") {
    const TempTree tree;
    tree.write("101.conf", "hostname: web\n");
    tree.write("102.conf", "memory: 5\n");
    tree.write("web.conf", "hostname: not-a-vmid\n");
    tree.write("103.conf.tmp.99", "hostname: temporary\n");
    tree.write("1234567890.conf", "hostname: too-long\n");
    tree.write("104.conf", "hostname: big\n" + std::string(2U << 20U, '#'));
    tree.write("105.conf/file", "hostname: folder\n");
    HostNames names;
    CHECK(read_pve_folder(tree.path(), {}, names) == 0);
    CHECK(names == HostNames{{"101", "web"}});
    // A file that can't be read keeps its name; a removed file or one without a name does not.
    names.clear();
    const HostNames before{{"102", "b"}, {"104", "d"}, {"105", "e"}, {"106", "f"}};
    CHECK(read_pve_folder(tree.path(), before, names) == 0);
    CHECK(names == HostNames{{"101", "web"}, {"104", "d"}, {"105", "e"}});
    CHECK(read_pve_folder(tree.path() / "none", {}, names) == ENOENT);
}

TEST_CASE("names from the process that reads the folder are checked") {
    HostNames names;
    const HostNames given{{"101", "web"}, {"9", "a.b"}};
    CHECK(decode_names(encode(given, 0), names) == 0);
    CHECK(names == given);
    CHECK(decode_names(encode(given, ENOENT), names) == ENOENT);
    for (const std::string wrong : {"", "end 0", "end x\n", "end 0\nend 0\n", "101 web\n", "101\nend 0\n",
                                    "web 101\nend 0\n", "101 not one\nend 0\n", "1234567890 web\nend 0\n"})
        CHECK(decode_names(wrong, names) == EIO);
}

TEST_CASE("a host without Proxmox VE has no names until it is installed") {
    const TempTree tree;
    LogCapture log;
    PveNames names(settings_of(tree));
    names.refresh();
    CHECK(names.find("101").empty());
    tree.write("pve/lxc/101.conf", "hostname: web\n");
    CHECK(comes_true([&] {
        names.refresh();
        return names.find("101") == "web";
    }));
    CHECK(log.take().empty());
}

TEST_CASE("names are known after the first refresh, and change with the file") {
    const TempTree tree;
    tree.write("pve/lxc/101.conf", "hostname: web\n");
    LogCapture log;
    PveNames names(settings_of(tree));
    CHECK(names.find("101").empty());
    names.refresh();
    CHECK(names.find("101") == "web");
    CHECK(names.find("10").empty());
    tree.write("pve/lxc/101.conf", "hostname: www\n");
    CHECK(comes_true([&] {
        names.refresh();
        return names.find("101") == "www";
    }));
    CHECK(log.take().empty());
}

TEST_CASE("if the folder disappears the names stay, and it is logged once") {
    const TempTree tree;
    tree.write("pve/lxc/101.conf", "hostname: web\n");
    LogCapture log;
    PveNames names(settings_of(tree));
    names.refresh();
    tree.remove("pve/lxc");
    std::string said = said_until(names, log, "web", "pve/lxc can't be read: No such file");
    for (int round = 0; round < 20; ++round) {
        names.refresh();
        CHECK(names.find("101") == "web");
    }
    said += log.take();
    CHECK(count_of(said, "warning ") == 1);
    tree.write("pve/lxc/101.conf", "hostname: www\n");
    CHECK(count_of(said_until(names, log, "www", "read again"), "read again") == 1);
}

TEST_CASE("a hung filesystem affects only the names") {
    const TempTree tree;
    tree.write("pve/lxc/101.conf", "hostname: web\n");
    // open() of a FIFO waits for a writer without end, like a file of a hung FUSE filesystem.
    const std::string fifo = tree.path() / "pve/lxc/102.conf";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    LogCapture log;
    auto settings = settings_of(tree);
    settings.first_wait = 20ms;
    settings.hang_after = 50ms;
    const auto begin = std::chrono::steady_clock::now();
    {
        PveNames names(settings);
        std::string said = said_until(names, log, "", "does not answer");
        names.refresh();
        said += log.take();
        CHECK(count_of(said, "does not answer") == 1);
        SUBCASE("for a while") {
            {
                const lxcmon::io::UniqueFd writer(::open(fifo.c_str(), O_WRONLY | O_CLOEXEC));
                tree.remove("pve/lxc/102.conf");
            }
            CHECK(count_of(said_until(names, log, "web", "read again"), "read again") == 1);
        }
        SUBCASE("without end: the destructor does not wait") {}
    }
    CHECK(std::chrono::steady_clock::now() - begin < 5s);
    // Releases the abandoned process.
    const lxcmon::io::UniqueFd writer(::open(fifo.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
}

TEST_CASE("host_name comes from Proxmox VE, else from lxc.uts.name") {
    const TempTree tree;
    const TempTree pve;
    for (const std::string vmid : {"101", "102"})
        tree.write(vmid + "/config", "lxc.rootfs.path = dir:/nowhere\nlxc.uts.name = uts" + vmid + "\n");
    pve.write("pve/lxc/101.conf", "hostname: web\n");
    ContainerTable table(DiscoverSettings{{tree.path()}, {}, {}, settings_of(pve)});
    table.refresh();
    REQUIRE(table.containers().size() == 2);
    const lxcmon::Container& first = *table.containers()[0];
    CHECK(first.host_name == "web");
    CHECK(table.containers()[1]->host_name == "uts102");
    const auto becomes = [&](const std::string& name) {
        return comes_true([&] {
            table.refresh();
            return first.host_name == name;
        });
    };
    pve.write("pve/lxc/101.conf", "hostname: www\n");
    CHECK(becomes("www"));
    pve.write("pve/lxc/101.conf", "memory: 512\n");
    CHECK(becomes("uts101"));
}

TEST_CASE("include and exclude follow the host names of Proxmox VE") {
    const TempTree tree;
    const TempTree pve;
    for (const std::string vmid : {"101", "102", "103"})
        tree.write(vmid + "/config", "lxc.rootfs.path = dir:/nowhere\nlxc.uts.name = web-of-uts\n");
    pve.write("pve/lxc/101.conf", "hostname: web\n");
    pve.write("pve/lxc/102.conf", "hostname: db\n");
    ContainerTable table(DiscoverSettings{{tree.path()}, {"web*"}, {"*-test"}, settings_of(pve)});
    using Names = std::vector<std::string>;
    const auto become = [&](const Names& wanted) {
        return comes_true([&] {
            table.refresh();
            Names names;
            for (const lxcmon::Container* each : table.containers())
                names.push_back(each->name);
            return names == wanted;
        });
    };
    CHECK(become({"101"})); // and not by lxc.uts.name, which the container's own file has
    CHECK(table.left_out() == 0);
    pve.write("pve/lxc/103.conf", "hostname: web3\n"); // later than the container
    CHECK(become({"101", "103"}));
    pve.write("pve/lxc/101.conf", "hostname: mail\n");
    pve.write("pve/lxc/102.conf", "hostname: web2\n");
    CHECK(become({"102", "103"}));
    pve.write("pve/lxc/102.conf", "hostname: web-test\n");
    CHECK(become({"103"}));
}
