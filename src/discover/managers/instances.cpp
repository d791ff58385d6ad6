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
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

namespace lxcmon::discover {
namespace {

using nlohmann::json;

constexpr std::size_t most_reply_bytes = 32U << 20U;
constexpr std::string_view end_of_headers = "\r\n\r\n";

/// Reads JSON event by event: 32 MiB of it build no tree, and take time only once. A parser with a callback
/// searches the whole list at the end of each instance.
class PlaceReader : public nlohmann::json_sax<json> {
  public:
    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }
    bool key(string_t& name) override {
        if (depth_ <= keys_.size())
            keys_[depth_ - 1] = name;
        return true;
    }
    bool start_object(std::size_t) override {
        begin_object();
        return enter("");
    }
    bool start_array(std::size_t) override {
        begin_list();
        return enter("[]");
    }
    bool end_object() override {
        --depth_;
        return end_of_object();
    }
    bool end_array() override {
        --depth_;
        return true;
    }
    bool parse_error(std::size_t, const std::string&, const json::exception&) override { return false; }

  protected:
    /// The keys that lead to a value, with `[]` for the entries of a list.
    using Place = std::initializer_list<std::string_view>;
    /// Where the value of this event is.
    [[nodiscard]] bool is_at(Place place) const noexcept { return place.size() == depth_ && has(place); }
    /// The device of an instance that this event is in; empty: in none, or further down than `more` levels.
    [[nodiscard]] std::string_view device(std::size_t more) const noexcept {
        const std::initializer_list<std::string_view> devices{"metadata", "[]", "expanded_devices"};
        return depth_ == devices.size() + 1 + more && has(devices) ? keys_[devices.size()]
                                                                   : std::string_view();
    }
    /// The key of the value of this event.
    [[nodiscard]] std::string_view last_key() const noexcept { return keys_[depth_ - 1]; }

  private:
    virtual void begin_object() {}
    virtual void begin_list() {}
    virtual bool end_of_object() { return true; } ///< false ends the parsing

    [[nodiscard]] bool has(Place place) const noexcept {
        return std::ranges::equal(place, std::span(keys_).first(place.size()));
    }
    bool enter(const char* first_key) {
        if (++depth_ <= keys_.size())
            keys_[depth_ - 1] = first_key;
        return true;
    }

    std::array<std::string, 5> keys_; ///< further down there is nothing wanted
    std::size_t depth_ = 0;
};

/// Of GET /1.0.
class ServerReader final : public PlaceReader {
  public:
    bool boolean(bool value) override {
        if (is_at({"metadata", "environment", "server_clustered"}))
            is_clustered = value;
        return true;
    }
    bool string(string_t& value) override {
        if (is_at({"metadata", "environment", "server_name"}))
            name = value;
        else if (is_at({"metadata", "api_extensions", "[]"}))
            lists_all_projects = lists_all_projects || value == "instance_all_projects";
        return true;
    }

    std::string name;
    bool is_valid = false;
    bool is_clustered = false;
    bool lists_all_projects = false;

  private:
    void begin_object() override { is_valid = is_valid || is_at({"metadata", "environment"}); }
};

/// Of GET /1.0/instances. Adds each container to `answer` when its object ends.
class InstancesReader final : public PlaceReader {
  public:
    /// `own_name`: of this member of a cluster; empty: there is none.
    InstancesReader(std::string own_name, ManagerAnswer& answer)
        : own_name_(std::move(own_name))
        , answer_(answer) {}

    bool string(string_t& value) override {
        if (std::string* const text = wanted(); text != nullptr)
            *text = value;
        else if (!device(1).empty() && (last_key() == "type" || last_key() == "path"))
            (last_key() == "type" ? device_type_ : device_path_) = value;
        return true;
    }

    bool is_valid = false;
    bool is_full = false;

  private:
    struct Instance {
        std::string name, project, location, type, onboot, cores;
        std::vector<std::string> disks; ///< values of the setting `disk`
    };

    void begin_object() override {
        if (is_at({"metadata", "[]"}))
            instance_ = {};
    }
    void begin_list() override { is_valid = is_valid || is_at({"metadata"}); }
    bool end_of_object() override {
        if (!device(0).empty())
            take_device();
        if (is_at({"metadata", "[]"}) && is_valid)
            take_instance();
        return !is_full;
    }
    /// The text for this value; nullptr: none.
    [[nodiscard]] std::string* wanted() noexcept {
        if (is_at({"metadata", "[]", "name"}))
            return &instance_.name;
        if (is_at({"metadata", "[]", "project"}))
            return &instance_.project;
        if (is_at({"metadata", "[]", "location"}))
            return &instance_.location;
        if (is_at({"metadata", "[]", "type"}))
            return &instance_.type;
        if (is_at({"metadata", "[]", "expanded_config", "boot.autostart"}))
            return &instance_.onboot;
        return is_at({"metadata", "[]", "expanded_config", "limits.cpu"}) ? &instance_.cores : nullptr;
    }
    void take_instance();
    void take_device();
    /// The host that has the instance; empty: this one.
    [[nodiscard]] std::string other_host() const {
        return own_name_.empty() || instance_.location == own_name_ || !is_managed_name(instance_.location)
                   ? std::string()
                   : instance_.location;
    }

    std::string own_name_;
    ManagerAnswer& answer_;
    Instance instance_;
    std::string device_type_, device_path_;
};

/// At the end of a device's object. LXD takes a path with and without slashes at its ends.
void InstancesReader::take_device() {
    const std::string type = std::exchange(device_type_, {});
    std::string path = std::exchange(device_path_, {});
    if (type != "disk" || path.empty() || instance_.disks.size() == most_disks)
        return;
    while (path.ends_with('/'))
        path.pop_back();
    if (!path.starts_with('/'))
        path.insert(0, 1, '/');
    instance_.disks.push_back(std::string(device(0)) + ' ' + path);
}

void InstancesReader::take_instance() {
    is_full = answer_.here.size() + answer_.elsewhere.size() >= most_managed;
    std::string name = std::move(instance_.name);
    if (!instance_.project.empty() && instance_.project != "default")
        name.insert(0, instance_.project + '_');
    // An instance that its daemon could not load may have no type.
    if (is_full || (!instance_.type.empty() && instance_.type != "container") || !is_managed_name(name))
        return;
    if (std::string host = other_host(); !host.empty()) {
        answer_.elsewhere.insert_or_assign(std::move(name), std::move(host));
        return;
    }
    Managed& managed = answer_.here[name];
    take_setting("onboot", instance_.onboot, managed);
    take_setting("cores", instance_.cores, managed);
    for (const std::string& disk : instance_.disks)
        take_setting("disk", disk, managed);
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

} // namespace

int parse_instances(std::string_view server, std::string_view instances, ManagerAnswer& answer) {
    ServerReader about;
    if (!json::sax_parse(server, &about) || !about.is_valid)
        return EPROTO;
    // LXD before 4.20 ignores `all-projects` and lists one project: the containers of others would not exist.
    if (!about.lists_all_projects)
        return ENOTSUP;
    InstancesReader list(about.is_clustered ? std::move(about.name) : std::string(), answer);
    const bool is_whole = json::sax_parse(instances, &list);
    if (list.is_full)
        return EOVERFLOW;
    return is_whole && list.is_valid ? 0 : EPROTO;
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
