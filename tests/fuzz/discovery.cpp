// SPDX-License-Identifier: GPL-2.0-or-later
// /proc/net/unix, and the files from which names of containers come.
#include "fuzz/support.hpp"

#include "discover/lxd_names.hpp"
#include "discover/monitor_sockets.hpp"
#include "discover/pve_config.hpp"

using namespace lxcmon;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(fuzz::text_of(data, size));
    const discover::MonitorSockets sockets(text);
    const std::string first_line = text.substr(0, text.find('\n'));
    for (const std::string& lxcpath : {std::string("/var/lib/lxc"), std::string("/a"), first_line}) {
        sockets.for_each_name(lxcpath, [&](std::string_view name) {
            require(!name.empty() && name.find('/') == std::string_view::npos, "a name is one part of a path",
                    name);
            require(sockets.has(lxcpath + "/" + std::string(name) + "/command"), "a listed name listens",
                    name);
        });
        require(discover::monitor_socket_name(lxcpath, first_line).size() < 108,
                "a socket's name fits into an address");
    }
    const auto host_name = discover::pve_host_name(text);
    require(!host_name || (fuzz::is_printable(*host_name) && host_name->size() <= 253 &&
                           text.find(*host_name) != std::string::npos),
            "a host name is valid", host_name.value_or(""));
    static_cast<void>(discover::lxd_instance_name("/proc/self/no-such-folder", first_line));
    return 0;
}
