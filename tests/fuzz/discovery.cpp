// SPDX-License-Identifier: GPL-2.0-or-later
// /proc/net/unix, what the processes for liblxc and for Proxmox VE's folder say, and the files and folders
// from which names of containers come.
#include "fuzz/support.hpp"

#include "discover/lxc_protocol.hpp"
#include "discover/managers/instances.hpp"
#include "discover/managers/lxd_names.hpp"
#include "discover/managers/pve_config.hpp"
#include "discover/monitors/sockets.hpp"
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

void check_answer(std::string_view text) {
    discover::ManagerAnswer answer;
    const int error = discover::decode(text, answer);
    if (error == 0)
        for (const auto& [name, managed] : answer.here)
            require(discover::is_managed_name(name), "a name", name);
    discover::ManagerAnswer again;
    require(error != 0 || discover::decode(discover::encode(answer, 0), again) == 0,
            "the agent reads what it writes");
    require(error != 0 || again == answer, "the answer is the same again");
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
    const Managed managed = discover::parse_pve_config(text);
    for (const std::string& each : {managed.host_name, managed.lock, managed.tags})
        require(fuzz::is_printable(each) && each.size() <= 1'000 && text.find(each) != std::string::npos,
                "a setting is valid", each);
    require(discover::lxd_instance_name("/proc/self/no-such-folder", first_line).empty(), "no LXD, no name");
    check_answer(text);
    discover::ManagerAnswer instances;
    static_cast<void>(discover::parse_instances(text, text, instances));
    for (const auto& [name, managed_here] : instances.here)
        require(discover::is_managed_name(name), "a name from LXD", name);
    static const LxdFolder lxd;
    if (first_line.find('/') == std::string::npos)
        lxd.check(first_line.c_str());
    return 0;
}
