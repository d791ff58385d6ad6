// SPDX-License-Identifier: GPL-2.0-or-later
// /proc/net/unix, what the process for liblxc says, and the files from which names of containers come.
#include "fuzz/support.hpp"

#include "discover/lxc_protocol.hpp"
#include "discover/monitor_sockets.hpp"
#include "discover/names/lxd_names.hpp"
#include "discover/names/pve_config.hpp"

using namespace lxcmon;
using fuzz::require;

namespace {

void check_messages(std::string_view text) {
    if (const auto question = discover::decode_question(text))
        require(discover::decode_question(discover::encode(*question)) == question,
                "a question says the same again");
    if (const auto answer = discover::decode_answer(text)) {
        require(discover::decode_answer(discover::encode(*answer)) == answer,
                "an answer says the same again");
        for (const std::string& name : answer->names)
            require(!name.empty() && name.find('/') == std::string::npos, "a name is one part of a path",
                    name);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(fuzz::text_of(data, size));
    check_messages(text);
    const discover::MonitorSockets sockets(text);
    const std::string first_line = text.substr(0, text.find('\n'));
    for (const std::string& lxcpath : {std::string("/var/lib/lxc"), std::string("/a"), first_line}) {
        sockets.for_each_name(lxcpath, [&](std::string_view name, std::uint64_t) {
            require(!name.empty() && name.find('/') == std::string_view::npos, "a name is one part of a path",
                    name);
            require(sockets.inode_of(lxcpath + "/" + std::string(name) + "/command") != 0,
                    "a listed name listens", name);
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
