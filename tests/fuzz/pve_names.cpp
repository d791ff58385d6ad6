// SPDX-License-Identifier: GPL-2.0-or-later
// Proxmox VE's folder with files of any names and content, what the process that reads it sends, and a few
// such processes that send anything.
#include "fuzz/support.hpp"

#include "discover/managers/manager.hpp"
#include "discover/managers/pve_config.hpp"
#include "support/temp_folder.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>

using namespace lxcmon;
using discover::ManagerAnswer;
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

Managed named(const std::string& host_name) {
    Managed managed;
    managed.host_name = host_name;
    return managed;
}

const ManagerAnswer& good_answer() {
    static const ManagerAnswer answer{{{"101", named("web")}, {"102", named("db.example")}}, {{"9", "pve2"}}};
    return answer;
}

/// Takes the next datagram off the input. A byte says its length; 255: as long as the agent reads.
std::string_view take_datagram(std::string_view& rest) {
    const std::size_t length = static_cast<unsigned char>(rest.front());
    rest.remove_prefix(1);
    const std::string_view datagram = rest.substr(0, length == 255 ? most_datagram : length);
    rest.remove_prefix(datagram.size());
    return datagram;
}

void send_input(int socket, const std::string& /*folder*/, const ManagerAnswer& /*before*/) {
    if (input().is_good) {
        discover::send_answer(socket, good_answer(), 0);
        return;
    }
    for (std::string_view rest = input().text(); !rest.empty();) {
        const std::string_view datagram = take_datagram(rest);
        static_cast<void>(::send(socket, datagram.data(), datagram.size(), MSG_NOSIGNAL));
    }
}

/// What the agent must know: the input if it is valid up to an empty datagram, or else what was before.
ManagerAnswer wanted_answer() {
    std::string whole;
    for (std::string_view rest = input().text(); !rest.empty();) {
        const std::string_view datagram = take_datagram(rest);
        if (datagram.empty())
            break;
        whole += datagram;
    }
    ManagerAnswer answer;
    return discover::decode(whole, answer) == 0 ? answer : good_answer();
}

void reap_workers() {
    while (!io::WorkerProcess::not_reaped().empty()) {
        ::poll(nullptr, 0, 1);
        io::WorkerProcess::reap();
    }
}

/// `folder`: with an empty folder "pve".
void check_process(const test::TempFolder& folder, std::string_view text) {
    Input& in = input();
    in.size = std::min(text.size(), in.bytes.size());
    std::memcpy(in.bytes.data(), text.data(), in.size);
    const std::chrono::milliseconds at_once(0);
    const std::chrono::seconds plenty(20);
    reap_workers();
    discover::ManagerKind kind = discover::proxmox_ve();
    kind.scan = &send_input;
    discover::Manager manager(kind, folder.path("pve/lxc"), {at_once, plenty, plenty});
    in.is_good = true;
    require(manager.refresh() && manager.answer() == good_answer(), "the answer of the first scan");
    in.is_good = false;
    do
        static_cast<void>(manager.refresh());
    while (!io::WorkerProcess::running().empty());
    require(manager.answer() == wanted_answer(), "the answer of the last good scan");
}

bool is_letter_or_digit(char c) {
    static constexpr std::string_view all = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    return all.find(c) != std::string_view::npos;
}

/// hostname(7).
bool is_host_name(const std::string& name) {
    std::size_t label = 0;
    for (std::size_t at = 0; at < name.size(); ++at) {
        const bool is_dot = name[at] == '.';
        const bool is_end = is_dot || at + 1 == name.size() || name[at + 1] == '.';
        if (is_dot ? label == 0 : !is_letter_or_digit(name[at]) && (name[at] != '-' || label == 0 || is_end))
            return false;
        label = is_dot ? 0 : label + 1;
        if (label > 63)
            return false;
    }
    return label > 0 && name.size() <= 253;
}

/// The host name of parse_pve_config(), from the end.
std::string wanted_name(std::string text) {
    if (text.starts_with('['))
        return {};
    text.resize(std::min(text.find("\n["), text.size()));
    while (!text.empty()) {
        const std::size_t begin = text.rfind('\n') + 1; // 0 without one
        std::string value = text.substr(begin);
        if (value.starts_with("hostname:")) {
            value.erase(0, 9);
            while (!value.empty() && std::string_view(" \t\r").find(value.front()) != std::string_view::npos)
                value.erase(0, 1);
            while (!value.empty() && std::string_view(" \t\r").find(value.back()) != std::string_view::npos)
                value.pop_back();
            if (is_host_name(value))
                return value;
        }
        text.resize(begin == 0 ? 0 : begin - 1);
    }
    return {};
}

std::string some_config(FuzzedDataProvider& data) {
    std::string text = fuzz::some_text(data, 80);
    for (int left = data.ConsumeIntegralInRange(0, 3); left > 0; --left) {
        text += data.PickValueInArray(
            {"hostname: ", "hostname:", "\nhostname: ", "[snap]\n", "\n[snap]\n", "tags: a;b\n"});
        const int times = data.ConsumeIntegralInRange(0, 7) == 0 ? data.ConsumeIntegralInRange(60, 64) : 0;
        text.append(static_cast<std::size_t>(times), 'a') +=
            data.PickValueInArray({"web", "db.example", "-a", "a-.b", ""});
        text += fuzz::some_text(data, 20);
        for (int labels = times == 0 ? 0 : data.ConsumeIntegralInRange(0, 4); labels > 0; --labels)
            text += '.' + std::string(62, 'b');
        if (data.ConsumeBool())
            text += '\n';
    }
    return text;
}

std::string some_file_name(FuzzedDataProvider& data) {
    static constexpr std::array names{
        "101.conf",       "102.conf", "103.conf", "999999999.conf", "1000000000.conf", ".conf",
        "101.conf.tmp.1", "web.conf", "101",      "1e1.conf",       "+1.conf",         " 1.conf",
        "101.conf\n.conf"};
    if (data.ConsumeIntegralInRange(0, 3) != 0)
        return names[data.ConsumeIntegralInRange<std::size_t>(0, names.size() - 1)];
    std::string name = fuzz::some_text(data, 30).c_str();
    std::erase(name, '/');
    return name + (data.ConsumeBool() ? ".conf" : "");
}

/// "101" for "101.conf".
std::string vmid_of(const std::string& name) {
    const std::size_t digits = std::min(name.find_first_not_of("0123456789"), name.size());
    return digits > 0 && digits <= 9 && name.substr(digits) == ".conf" ? name.substr(0, digits)
                                                                       : std::string();
}

/// What the process of a scan sends, as one text.
std::string sent(const std::string& folder, const ManagerAnswer& before) {
    std::array<int, 2> ends{};
    require(::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends.data()) == 0, "a pair of sockets");
    const io::UniqueFd ours(ends[0]);
    io::UniqueFd theirs(ends[1]);
    discover::proxmox_ve().scan(theirs.get(), folder, before);
    theirs.reset();
    std::string text;
    std::array<char, most_datagram> piece{};
    ssize_t length = 0;
    while ((length = ::recv(ours.get(), piece.data(), piece.size(), 0)) > 0)
        text.append(piece.data(), static_cast<std::size_t>(length));
    return text;
}

/// A text that is cut or changed is refused, or still has valid names.
void check_damage(std::string text, FuzzedDataProvider& data) {
    const std::size_t place = data.ConsumeIntegralInRange<std::size_t>(0, text.size() - 1);
    ManagerAnswer answer;
    require(discover::decode(text.substr(0, place), answer) == EIO, "a text without its end is refused",
            text);
    text[place] = data.ConsumeIntegral<char>();
    answer = {};
    if (discover::decode(text, answer) == 0)
        for (const auto& [name, managed] : answer.here)
            require(discover::is_managed_name(name) &&
                        (managed.host_name.empty() || is_host_name(managed.host_name)),
                    "a name and a host name", name);
}

void check_folder(const test::TempFolder& folder, FuzzedDataProvider& data) {
    const std::string path = folder.path("files");
    ManagerAnswer before;
    std::map<std::string, std::string, std::less<>> wanted; ///< host names
    std::set<std::string> made;
    for (int left = data.ConsumeIntegralInRange(0, 2); left > 0; --left)
        before.here[data.PickValueInArray({"101", "102", "103"})] = named("before");
    for (int left = data.ConsumeIntegralInRange(1, 4); left > 0; --left) {
        const std::string name = some_file_name(data);
        if (name.empty() || name == "." || name == ".." || !made.insert(name).second)
            continue;
        const bool is_readable = data.ConsumeIntegralInRange(0, 7) != 0;
        const std::string text = some_config(data);
        const std::string vmid = vmid_of(name);
        if (is_readable)
            folder.write("files/" + name, text);
        else
            require(::mkdir(folder.path("files/" + name).c_str(), 0700) == 0, "a folder that is no file");
        if (!vmid.empty())
            wanted[vmid] = is_readable ? wanted_name(text) : before.here.contains(vmid) ? "before" : "";
    }
    ManagerAnswer answer;
    require(discover::read_pve_folder(path, before, answer) == 0, "the folder is read");
    require(answer.here.size() == wanted.size() && answer.elsewhere.empty(), "the containers in the files");
    for (const auto& [vmid, host_name] : wanted)
        require(answer.here.contains(vmid) && answer.here[vmid].host_name == host_name, "the host name",
                vmid);
    const std::string text = sent(path, before);
    ManagerAnswer again;
    require(discover::decode(text, again) == 0 && again == answer, "the answer is sent", text);
    for (const std::string& name : made)
        std::filesystem::remove(folder.path("files/" + name));
    check_damage(text, data);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const test::TempFolder folder("/dev/shm");
    static const bool made = std::filesystem::create_directories(folder.path("pve")) &&
                             std::filesystem::create_directories(folder.path("files"));
    require(made, "a mount point");
    FuzzedDataProvider provider(data, size);
    static fuzz::TenthOfTheTime seldom;
    if (provider.ConsumeIntegralInRange(0, 31) == 31)
        seldom([&] { check_process(folder, provider.ConsumeRemainingBytesAsString()); });
    else
        check_folder(folder, provider);
    return 0;
}
