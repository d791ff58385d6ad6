// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/encoded.hpp"
#include "support/fake_monitor.hpp"
#include "support/log_capture.hpp"
#include "support/refreshing.hpp"
#include "support/temp_tree.hpp"

#include "discover/container_table.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using lxcmon::Container;
using lxcmon::discover::ContainerTable;
using lxcmon::discover::DiscoverSettings;
using lxcmon::test::becomes_true;
using lxcmon::test::count_of;
using lxcmon::test::FakeMonitor;
using lxcmon::test::LogCapture;
using lxcmon::test::TempTree;

namespace {

/// An lxcpath, and Proxmox VE's folder beside it.
class PveHost {
  public:
    PveHost() {
        pve_.write("pve/nodes/pve2/lxc/999.conf", "");
        pve_.write("pve/lxc/none", "");
    }
    /// As Proxmox VE writes it at the first start.
    void write_lxc_config(const std::string& vmid) const {
        lxc_.write(vmid + "/config", "lxc.rootfs.path = dir:/nowhere\nlxc.uts.name = uts" + vmid +
                                         "\nlxc.cgroup.dir.container = lxc/" + vmid + "\n");
    }
    void write_conf(const std::string& vmid, const std::string& text, const std::string& node = {}) const {
        pve_.write((node.empty() ? "pve/lxc/" : "pve/nodes/" + node + "/lxc/") + vmid + ".conf", text);
    }
    void remove_conf(const std::string& vmid) const { pve_.remove("pve/lxc/" + vmid + ".conf"); }
    void break_folder() const { pve_.remove("pve/lxc"); }
    [[nodiscard]] DiscoverSettings settings() const {
        DiscoverSettings made;
        made.lxcpaths = {lxc_.path()};
        made.pve = {pve_.path() / "pve/lxc", lxc_.path()};
        made.managers = {10ms, 5s, 10s};
        made.liblxc.wait = 20s; // a list is taken in its round, also on a busy machine
        return made;
    }
    [[nodiscard]] const TempTree& lxc() const noexcept { return lxc_; }

  private:
    TempTree lxc_;
    TempTree pve_;
};

/// "NAME STATE" of each.
std::vector<std::string> states_of(const ContainerTable& table) {
    std::vector<std::string> states;
    for (const Container* each : table.containers())
        states.push_back(each->name + ' ' + each->state);
    return states;
}

bool shows(ContainerTable& table, const std::vector<std::string>& states) {
    return becomes_true(table, [&] { return states_of(table) == states; });
}

} // namespace

TEST_SUITE_BEGIN("needs root");

TEST_CASE("host_name comes from Proxmox VE, else from lxc.uts.name") {
    const PveHost host;
    for (const std::string vmid : {"101", "102"}) {
        host.write_lxc_config(vmid);
        host.write_conf(vmid, vmid == "101" ? "hostname: web\n" : "");
    }
    ContainerTable table(host.settings());
    table.refresh();
    REQUIRE(table.containers().size() == 2);
    const lxcmon::Container& first = *table.containers()[0];
    CHECK(first.host_name == "web");
    CHECK(table.containers()[1]->host_name == "uts102");
    host.write_conf("101", "hostname: www\n");
    CHECK(becomes_true(table, [&] { return first.host_name == "www"; }));
    host.write_conf("101", "memory: 512\n");
    CHECK(becomes_true(table, [&] { return first.host_name == "uts101"; }));
}

TEST_CASE("a container that was created and never started on Proxmox VE is stopped") {
    const PveHost host;
    host.write_conf("101", "hostname: new\nonboot: 1\n");
    host.write_conf("102", "");
    DiscoverSettings settings = host.settings();
    settings.exclude = {"102"};
    LogCapture log;
    ContainerTable table(settings);
    table.refresh();
    REQUIRE(states_of(table) == std::vector<std::string>{"101 STOPPED"});
    const Container& created = *table.containers()[0];
    const std::uint64_t id = created.id;
    CHECK(created.host_name == "new");
    REQUIRE(created.managed != nullptr);
    CHECK(created.managed->onboot == true);
    CHECK(table.left_out() == 0);
    // The first start writes the configuration for LXC, and destroying the container removes both.
    host.write_lxc_config("101");
    CHECK(becomes_true(table, [&] { return !created.cgroup_dir.empty(); }));
    CHECK(shows(table, {"101 STOPPED"}));
    CHECK(table.containers()[0]->id == id);
    host.lxc().remove("101");
    host.remove_conf("101");
    CHECK(shows(table, {}));
    CHECK(table.left_out() == 0);
    const std::string said = log.take();
    CHECK(count_of(said, "--exclude leaves no container: no container is sampled until one matches") == 1);
    CHECK(count_of(said, "\n") == 1);
}

TEST_CASE("a container whose configuration for LXC is removed by hand is still one of Proxmox VE's") {
    const PveHost host;
    host.write_conf("101", "");
    host.write_lxc_config("101");
    ContainerTable table(host.settings());
    table.refresh();
    const std::uint64_t id = table.containers().at(0)->id;
    host.lxc().remove("101");
    CHECK(
        becomes_true(table, [&] { return !table.containers().empty() && table.containers()[0]->id != id; }));
    CHECK(states_of(table) == std::vector<std::string>{"101 STOPPED"});
}

TEST_CASE("a stopped container that has moved to another node is not shown, until it is back") {
    const PveHost host;
    for (const std::string vmid : {"101", "202", "303"}) {
        host.write_lxc_config(vmid);
        host.write_conf(vmid, "");
    }
    host.lxc().write("plain/config", "lxc.rootfs.path = dir:/nowhere\n");
    ContainerTable table(host.settings());
    CHECK(shows(table, {"101 STOPPED", "202 STOPPED", "303 STOPPED", "plain STOPPED"}));
    LogCapture log;
    host.write_conf("202", "", "pve2");
    host.remove_conf("202");
    CHECK(shows(table, {"101 STOPPED", "303 STOPPED", "plain STOPPED"}));
    host.remove_conf("303"); // it moved, and was destroyed there
    CHECK(shows(table, {"101 STOPPED", "plain STOPPED"}));
    CHECK(table.left_out() == 0);
    const std::string said = log.take();
    CHECK(count_of(said, "it has left, for pve2") == 1);
    CHECK(count_of(said, "its manager has it no more") == 1);
    REQUIRE(table.managers().size() == 1);
    CHECK(table.managers()[0].ok);
    CHECK(table.managers()[0].message.find("202 (pve2), 303 (destroyed)") != std::string::npos);
    host.write_conf("202", "hostname: back\n");
    CHECK(shows(table, {"101 STOPPED", "202 STOPPED", "plain STOPPED"}));
    CHECK(table.containers()[1]->host_name == "back");
}

TEST_CASE("a container whose state is not known may run, and has not left") {
    const PveHost host;
    host.write_conf("101", "");
    host.write_lxc_config("101");
    host.write_lxc_config("303");
    host.write_conf("303", "", "pve2");
    LogCapture log;
    FakeMonitor monitor(0, host.lxc().path(), "303", true);
    ContainerTable table(host.settings());
    for (int round = 0; round < 3; ++round) {
        table.refresh();
        CHECK(states_of(table) == std::vector<std::string>{"101 STOPPED"});
        CHECK(table.left_out() == 1);
    }
    CHECK(count_of(log.take(), "it has left") == 0);
    monitor.end();
    CHECK(becomes_true(table, [&] { return table.left_out() == 0; }));
    CHECK(states_of(table) == std::vector<std::string>{"101 STOPPED"});
    CHECK(count_of(log.take(), "it has left, for pve2") == 1);
}

TEST_CASE("a container that has left takes the name of no other one") {
    const PveHost host;
    const TempTree other;
    host.write_lxc_config("101");
    host.write_conf("101", "", "pve2");
    other.write("101/config", "lxc.rootfs.path = dir:/nowhere\n");
    DiscoverSettings settings = host.settings();
    settings.lxcpaths.push_back(other.path());
    LogCapture log;
    ContainerTable table(settings);
    const auto shadowed = [&] { return table.containers().back()->shadowed; };
    CHECK(shows(table, {"101 STOPPED"}));
    CHECK_FALSE(shadowed());
    CHECK(count_of(log.take(), "the tag lxcpath") == 0);
    host.write_conf("101", "");
    CHECK(shows(table, {"101 STOPPED", "101 STOPPED"}));
    CHECK(shadowed());
    host.remove_conf("101");
    CHECK(shows(table, {"101 STOPPED"}));
    CHECK_FALSE(shadowed());
}

TEST_CASE("while Proxmox VE's folder can't be read nothing changes") {
    const PveHost host;
    for (const std::string vmid : {"101", "202"})
        host.write_lxc_config(vmid);
    host.write_conf("101", "hostname: web\n");
    host.write_conf("103", "");
    host.write_conf("202", "", "pve2");
    ContainerTable table(host.settings());
    CHECK(shows(table, {"101 STOPPED", "103 STOPPED"}));
    LogCapture log;
    host.break_folder();
    std::string said;
    CHECK(becomes_true(table, [&] {
        said += log.take();
        return said.find("what it said of its containers stays as it was (is pve-cluster running?)") !=
               std::string::npos;
    }));
    CHECK(states_of(table) == std::vector<std::string>{"101 STOPPED", "103 STOPPED"});
    CHECK(table.containers()[0]->host_name == "web");
    CHECK_FALSE(table.managers().at(0).ok);
    ContainerTable next(host.settings()); // the settings have changed
    next.take_managers_of(table);
    next.refresh();
    CHECK(states_of(next) == std::vector<std::string>{"101 STOPPED", "103 STOPPED"});
    CHECK(next.containers()[0]->host_name == "web");
    // An agent that starts now knows of no other node.
    ContainerTable late(host.settings());
    late.refresh();
    CHECK(states_of(late) == std::vector<std::string>{"101 STOPPED", "202 STOPPED"});
}

TEST_CASE("Proxmox VE says nothing of containers in other lxcpaths, and nothing on other hosts") {
    const PveHost host;
    const TempTree other;
    host.write_conf("101", "hostname: web\n");
    other.write("101/config", "lxc.rootfs.path = dir:/nowhere\nlxc.uts.name = own\n");
    other.write("999/config", "lxc.rootfs.path = dir:/nowhere\n");
    DiscoverSettings settings = host.settings();
    settings.lxcpaths = {other.path()};
    ContainerTable table(settings);
    CHECK(shows(table, {"101 STOPPED", "999 STOPPED"}));
    CHECK(table.containers()[0]->host_name == "own");
    CHECK(table.containers()[0]->managed == nullptr);
    CHECK(table.managers().empty());
    settings.pve = {other.path() / "none/lxc", other.path()};
    ContainerTable without(settings);
    CHECK(shows(without, {"101 STOPPED", "999 STOPPED"}));
    CHECK(without.managers().empty());
}

TEST_CASE("Proxmox VE's lxcpath is known by its folder, whatever path leads to it") {
    const PveHost host;
    const TempTree other;
    const std::string real = host.lxc().path(), link = other.path() / "link";
    std::filesystem::create_directory_symlink(real, link);
    host.write_conf("101", "");
    host.write_lxc_config("102"); // it has left
    DiscoverSettings settings = host.settings();
    for (const std::vector<std::string>& lxcpaths :
         {std::vector{link}, std::vector{link, real}, std::vector{real, link}}) {
        settings.lxcpaths = lxcpaths;
        ContainerTable table(settings);
        CHECK(shows(table, {"101 STOPPED"}));
        CHECK(table.managers().size() == 1);
    }
    // The other path of a folder has its manager, too.
    settings.lxcpaths = {link, real};
    settings.listing.period = 0ns;
    ContainerTable table(settings);
    CHECK(shows(table, {"101 STOPPED"}));
    std::filesystem::remove(link);
    CHECK(becomes_true(
        table, [&] { return !table.containers().empty() && table.containers().at(0)->lxcpath == real; }));
    CHECK(shows(table, {"101 STOPPED"}));
    // As a link to a folder of plain LXC the path has no manager any more.
    std::filesystem::create_directory(other.path() / "plain");
    std::filesystem::create_directory_symlink(other.path() / "plain", link);
    other.write("plain/102/config", "lxc.rootfs.path = dir:/nowhere\nlxc.cgroup.dir.container = lxc/102\n");
    CHECK(shows(table, {"102 STOPPED", "101 STOPPED"}));
    CHECK(table.managers().size() == 1);
}

TEST_SUITE_END();
