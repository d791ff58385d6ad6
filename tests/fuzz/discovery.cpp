// SPDX-License-Identifier: GPL-2.0-or-later
// /proc/net/unix, what the processes for liblxc and for Proxmox VE's folder say, and the files and folders
// from which names of containers come.
#include "fuzz/support.hpp"

#include "discover/lxc_protocol.hpp"
#include "discover/monitor_sockets.hpp"
#include "discover/names/lxd_names.hpp"
#include "discover/names/pve_config.hpp"
#include "support/temp_folder.hpp"

#include <fcntl.h>

#include <filesystem>

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

void check_names(std::string_view text) {
    discover::HostNames names;
    const int error = discover::decode_names(text, names);
    if (error == 0)
        for (const auto& [vmid, name] : names)
            require(!vmid.empty() && vmid.find_first_not_of("0123456789") == std::string::npos &&
                        discover::pve_host_name("hostname: " + name) == name,
                    "a number and a host name", name);
    discover::HostNames again;
    require(error != 0 || discover::decode_names(discover::encode(names, 0), again) == 0,
            "the agent reads what it writes");
    require(error != 0 || again == names, "the names are the same again");
}

/// A folder of LXD with one container, as a file of that name.
class LxdFolder {
  public:
    LxdFolder() {
        std::filesystem::create_directories(folder_.path("database"));
        std::filesystem::create_directories(lxcpath());
    }

    void check(const std::string& name) const {
        require(name.ends_with(discover::lxd_instance_name(lxcpath(), name)), "the end of the name", name);
        const std::string path = lxcpath() + "/" + name;
        const io::UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (!file)
            return; // no name of a file
        discover::LxcAnswer answer;
        discover::add_lxd_names(lxcpath(), answer.names);
        ::unlink(path.c_str());
        require(answer.names.size() == (name.starts_with('.') ? 0U : 1U), "each file is a container", name);
        require(discover::decode_answer(discover::encode(answer)) == answer, "any name can be told", name);
    }

  private:
    [[nodiscard]] std::string lxcpath() const { return folder_.path("containers"); }
    test::TempFolder folder_{"/dev/shm"};
};

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
    require(discover::lxd_instance_name("/proc/self/no-such-folder", first_line).empty(), "no LXD, no name");
    check_names(text);
    static const LxdFolder lxd;
    if (first_line.find('/') == std::string::npos)
        lxd.check(first_line.c_str());
    return 0;
}
