// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/managers/instances.hpp"

#include "io/unique_fd.hpp"

#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace lxcmon::discover {
namespace {

using nlohmann::json;

constexpr std::size_t most_reply_bytes = 32U << 20U;
constexpr std::string_view end_of_headers = "\r\n\r\n";

/// Only these are kept of an answer, which has some KiB for each instance.
constexpr std::array<std::string_view, 13> wanted_keys{
    "metadata",       "environment", "server_name",   "server_clustered", "name",
    "project",        "location",    "type",          "config",           "expanded_config",
    "boot.autostart", "limits.cpu",  "api_extensions"};

json parse_wanted(std::string_view text) {
    const auto is_wanted = [](int, json::parse_event_t event, const json& value) {
        return event != json::parse_event_t::key ||
               std::ranges::find(wanted_keys, value.get_ref<const std::string&>()) != wanted_keys.end();
    };
    return json::parse(text, is_wanted, false);
}

/// Empty if it is not there or no text.
std::string text_of(const json& object, const char* key) {
    const auto at = object.is_object() ? object.find(key) : object.end();
    return object.is_object() && at != object.end() && at->is_string() ? at->get<std::string>()
                                                                       : std::string();
}

/// null if it is not there.
const json& member_of(const json& object, const char* key) {
    static const json none;
    return object.is_object() && object.contains(key) ? object.at(key) : none;
}

int connect_to(const std::string& path, io::UniqueFd& socket) noexcept {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return ENAMETOOLONG;
    path.copy(address.sun_path, path.size());
    socket.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const void* const generic = &address;
    if (!socket || ::connect(socket.get(), static_cast<const sockaddr*>(generic), sizeof address) != 0)
        return errno;
    // The folder may be one in which users can make sockets.
    ucred daemon{};
    socklen_t length = sizeof daemon;
    if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &daemon, &length) != 0)
        return errno;
    return daemon.uid == 0 || daemon.uid == ::geteuid() ? 0 : EACCES;
}

int send_all(int socket, std::string_view text) noexcept {
    while (!text.empty()) {
        const ssize_t length = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
        if (length < 0)
            return errno;
        text.remove_prefix(static_cast<std::size_t>(length));
    }
    return 0;
}

/// Not http::Client: this is a process that was forked from one with threads, where libcurl must not be used.
/// With HTTP/1.0 the server sends the body in one piece and then closes the connection.
int get(const std::string& socket_path, std::string_view target, std::string& body) {
    io::UniqueFd socket;
    int error = connect_to(socket_path, socket);
    if (error == 0)
        error = send_all(socket.get(), "GET " + std::string(target) + " HTTP/1.0\r\nHost: unix\r\n\r\n");
    std::array<char, 65'536> piece{};
    std::string reply;
    while (error == 0) {
        const ssize_t length = ::recv(socket.get(), piece.data(), piece.size(), 0);
        if (length == 0)
            break;
        if (length < 0 || reply.size() > most_reply_bytes)
            return length < 0 ? errno : EFBIG;
        reply.append(piece.data(), static_cast<std::size_t>(length));
    }
    if (error != 0)
        return error;
    const std::size_t end = reply.find(end_of_headers);
    const bool is_good = reply.starts_with("HTTP/1.0 200 ") || reply.starts_with("HTTP/1.1 200 ");
    if (!is_good || end == std::string::npos)
        return EPROTO;
    body = reply.substr(end + end_of_headers.size());
    return 0;
}

/// The host that has the instance; empty: this one.
std::string other_host(const json& instance, const std::string& own_name) {
    const std::string location = text_of(instance, "location");
    return own_name.empty() || location == own_name || !is_managed_name(location) ? std::string() : location;
}

void take_instance(const json& instance, const std::string& own_name, ManagerAnswer& answer) {
    const std::string project = text_of(instance, "project");
    std::string name = text_of(instance, "name");
    if (!project.empty() && project != "default")
        name.insert(0, project + '_');
    // An instance that its daemon could not load may have no type.
    const std::string type = text_of(instance, "type");
    if ((!type.empty() && type != "container") || !is_managed_name(name))
        return;
    if (std::string host = other_host(instance, own_name); !host.empty()) {
        answer.elsewhere.insert_or_assign(std::move(name), std::move(host));
        return;
    }
    Managed& managed = answer.here[name];
    const json& config = member_of(instance, "expanded_config");
    take_setting("onboot", text_of(config, "boot.autostart"), managed);
    take_setting("cores", text_of(config, "limits.cpu"), managed);
}

} // namespace

int parse_instances(std::string_view server, std::string_view instances, ManagerAnswer& answer) {
    const json about = parse_wanted(server);
    const json& environment = member_of(member_of(about, "metadata"), "environment");
    const json& clustered = member_of(environment, "server_clustered");
    const json all = parse_wanted(instances);
    const json& list = member_of(all, "metadata");
    if (!environment.is_object() || !list.is_array())
        return EPROTO;
    // LXD before 4.20 ignores `all-projects` and lists one project: the containers of others would not exist.
    const json& extensions = member_of(member_of(about, "metadata"), "api_extensions");
    if (!extensions.is_array() ||
        std::ranges::find(extensions, json("instance_all_projects")) == extensions.end())
        return ENOTSUP;
    const bool is_clustered = clustered.is_boolean() && clustered.get<bool>();
    const std::string own_name = is_clustered ? text_of(environment, "server_name") : std::string();
    for (const json& each : list) {
        if (answer.here.size() + answer.elsewhere.size() >= most_managed)
            return EOVERFLOW;
        take_instance(each, own_name, answer);
    }
    return 0;
}

int ask_for_instances(const std::string& socket_path, ManagerAnswer& answer) {
    std::string server;
    std::string instances;
    int error = get(socket_path, "/1.0", server);
    if (error == 0)
        error = get(socket_path, "/1.0/instances?recursion=1&all-projects=true", instances);
    return error == 0 ? parse_instances(server, instances, answer) : error;
}

} // namespace lxcmon::discover
