// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/monitors/sockets.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using lxcmon::discover::monitor_socket_name;
using lxcmon::discover::MonitorSockets;

namespace {

const std::string header = "Num       RefCount Protocol Flags    Type St Inode Path\n";

std::string line(const std::string& path, const char* flags = "00010000", const char* type = "0001") {
    return std::string("ffff8881: 00000002 00000000 ") + flags + " " + type + " 01 12345 " + path + "\n";
}

using Names = std::vector<std::string>;

Names names_of(const MonitorSockets& sockets, const std::string& lxcpath) {
    Names names;
    sockets.for_each_name(lxcpath, [&](std::string_view name, std::uint64_t) { names.emplace_back(name); });
    return names;
}

} // namespace

TEST_CASE("monitors are the listening stream sockets of an lxcpath") {
    const MonitorSockets sockets(
        header + line("@/var/lib/lxc/web/command") + line("@/var/lib/lxc/sp ace/command") +
        line("@/var/lib/lxc/db/command") + line("@/var/lib/lxc2/other/command") +
        line("/var/lib/lxc/file/command") + line("@/var/lib/lxc/dgram/command", "00010000", "0002") +
        line("@/var/lib/lxc/caller/command", "00000000") + line("@/var/lib/lxc/a/b/command") +
        line("@/var/lib/lxc//command") + line("@/var/lib/lxc/web/other") + line("") + "ffff8881: 00000002\n");
    CHECK(names_of(sockets, "/var/lib/lxc") == Names{"db", "sp ace", "web"});
    CHECK(names_of(sockets, "/var/lib/lxc2") == Names{"other"});
    CHECK(names_of(sockets, "/var/lib").empty());
    CHECK(sockets.inode_of(monitor_socket_name("/var/lib/lxc", "sp ace")) == 12345);
    CHECK(sockets.inode_of(monitor_socket_name("/var/lib/lxc", "dgram")) == 0);
    CHECK(sockets.inode_of(monitor_socket_name("/var/lib/lxc", "caller")) == 0);
    CHECK(sockets.size() == 6);
}

TEST_CASE("a truncated line, for example of a name with a newline, is not a monitor") {
    const MonitorSockets sockets(
        header + line("@/var/lib/lxc/a\nb/command") + "x @/var/lib/lxc/c/command\n" +
        "ffff8881: 00000002 00000000 00010000 0001 01 12345 @/var/lib/lxc/d/command");
    CHECK(names_of(sockets, "/var/lib/lxc").empty());
}

TEST_CASE("the socket name of a long path is liblxc's hash") {
    CHECK(monitor_socket_name("/var/lib/lxc", "web") == "/var/lib/lxc/web/command");
    const std::string lxcpath = "/tmp/" + std::string(120, 'a');
    CHECK(monitor_socket_name(lxcpath, "web") == "lxc/424b28c51bf6d8f5/command");
    const MonitorSockets sockets(header + line("@lxc/424b28c51bf6d8f5/command"));
    CHECK(sockets.inode_of(monitor_socket_name(lxcpath, "web")) != 0);
    CHECK(sockets.inode_of(monitor_socket_name(lxcpath, "db")) == 0);
    // 107 bytes fit: sun_path without the leading NUL.
    const std::string name(107 - std::string("/p//command").size() - 1, 'n');
    CHECK(monitor_socket_name("/p", name).size() == 106);
    CHECK(monitor_socket_name("/p", name + "n").starts_with("lxc/"));
}
