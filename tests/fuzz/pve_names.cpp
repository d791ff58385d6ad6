// SPDX-License-Identifier: GPL-2.0-or-later
// What the process that reads Proxmox VE's folder sends, datagram by datagram, after a scan with good names.
#include "fuzz/support.hpp"

#include "discover/names/pve_names.hpp"
#include "support/temp_folder.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <filesystem>

using namespace lxcmon;
using fuzz::require;

namespace {

constexpr std::size_t most_datagram = 4096;

struct Input {
    std::size_t size;
    bool is_good;
    std::array<char, 16U << 10U> bytes;

    [[nodiscard]] std::string_view text() const { return {bytes.data(), size}; }
};

Input& input() {
    static auto* const shared = static_cast<Input*>(
        ::mmap(nullptr, sizeof(Input), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    return *shared;
}

const discover::HostNames& good_names() {
    static const discover::HostNames names{{"101", "web"}, {"102", "db.example"}};
    return names;
}

/// Takes the next datagram off the input. A byte says its length; 255: as long as the agent reads.
std::string_view take_datagram(std::string_view& rest) {
    const std::size_t length = static_cast<unsigned char>(rest.front());
    rest.remove_prefix(1);
    const std::string_view datagram = rest.substr(0, length == 255 ? most_datagram : length);
    rest.remove_prefix(datagram.size());
    return datagram;
}

void send_input(int socket, const std::string& /*folder*/, const discover::HostNames& /*before*/) {
    if (input().is_good) {
        const std::string text = discover::encode(good_names(), 0);
        static_cast<void>(::send(socket, text.data(), text.size(), MSG_NOSIGNAL));
        return;
    }
    for (std::string_view rest = input().text(); !rest.empty();) {
        const std::string_view datagram = take_datagram(rest);
        static_cast<void>(::send(socket, datagram.data(), datagram.size(), MSG_NOSIGNAL));
    }
}

/// The names that the agent must have: those of the input if it is valid up to an empty datagram, or else
/// those before.
discover::HostNames wanted_names() {
    std::string whole;
    for (std::string_view rest = input().text(); !rest.empty();) {
        const std::string_view datagram = take_datagram(rest);
        if (datagram.empty())
            break;
        whole += datagram;
    }
    discover::HostNames names;
    return discover::decode_names(whole, names) == 0 ? names : good_names();
}

void reap_workers() {
    while (!io::WorkerProcess::not_reaped().empty()) {
        ::poll(nullptr, 0, 1);
        io::WorkerProcess::reap();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const test::TempFolder folder("/dev/shm");
    static const bool made = std::filesystem::create_directories(folder.path("pve"));
    require(made, "a mount point");
    Input& in = input();
    in.size = std::min(size, in.bytes.size());
    std::memcpy(in.bytes.data(), data, in.size);
    const std::chrono::milliseconds at_once(0);
    const std::chrono::seconds plenty(20);
    reap_workers();
    discover::PveNames names({folder.path("pve/lxc"), at_once, plenty, plenty}, &send_input);
    in.is_good = true;
    names.refresh();
    require(names.find("101") == "web", "the names of the first scan");
    in.is_good = false;
    do
        names.refresh();
    while (!io::WorkerProcess::running().empty());
    const discover::HostNames wanted = wanted_names();
    for (const auto& [vmid, name] : wanted)
        require(names.find(vmid) == name, "the names of the last good scan", name);
    for (const auto& [vmid, name] : good_names())
        require(wanted.contains(vmid) || names.find(vmid).empty(), "a name that is gone is forgotten", name);
    return 0;
}
