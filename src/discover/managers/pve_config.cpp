// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/managers/pve_config.hpp"

#include "io/kernel_file.hpp"
#include "io/parse.hpp"
#include "text/trimmed.hpp"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace lxcmon::discover {
namespace {

/// Proxmox VE limits a file there to 1 MiB.
constexpr std::size_t most_config_bytes = 1U << 20U;

bool is_vmid(std::string_view text) noexcept {
    constexpr std::size_t longest = 9;
    return !text.empty() && text.size() <= longest &&
           std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// "101" for "101.conf"; empty if the file is not a container's configuration.
std::string_view vmid_of(std::string_view file) noexcept {
    constexpr std::string_view suffix = ".conf";
    if (!file.ends_with(suffix))
        return {};
    file.remove_suffix(suffix.size());
    return is_vmid(file) ? file : std::string_view{};
}

/// Calls each(folder's descriptor, entry's name). Returns 0 or the errno.
template <typename Callback>
int for_each_in(const std::string& folder, Callback&& each) {
    const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(folder.c_str()), &::closedir);
    if (!listing)
        return errno;
    errno = 0;
    while (const dirent* entry = ::readdir(listing.get())) {
        each(::dirfd(listing.get()), entry->d_name);
        errno = 0;
    }
    return errno;
}

bool is_full(const ManagerAnswer& answer) noexcept {
    return answer.here.size() + answer.elsewhere.size() >= most_managed;
}

int list_node(const std::string& folder, const std::string& node, ManagerAnswer& answer) {
    const int error = for_each_in(folder + '/' + node + "/lxc", [&](int, const char* file) {
        if (const std::string_view vmid = vmid_of(file); !vmid.empty() && !is_full(answer))
            answer.elsewhere.emplace(vmid, node);
    });
    return error == ENOENT || error == ENOTDIR ? 0 : error; // no node, or one that has just been removed
}

int list_nodes(const std::string& folder, ManagerAnswer& answer) {
    int first_error = 0;
    const int error = for_each_in(folder, [&](int, const char* node) {
        if (node[0] != '.' && is_managed_name(node) && first_error == 0)
            first_error = list_node(folder, node, answer);
    });
    return error != 0 && error != ENOENT ? error : first_error;
}

} // namespace

Managed parse_pve_config(std::string_view conf) {
    Managed managed;
    managed.onboot = managed.is_template = false;
    while (!conf.empty() && !conf.starts_with('[')) {
        std::string_view value = io::take_until(conf, '\n');
        const std::string_view key = io::take_until(value, ':');
        take_setting(key, text::trimmed(value), managed);
    }
    return managed;
}

int read_pve_folder(const std::string& folder, const ManagerAnswer& before, ManagerAnswer& answer) {
    // The other nodes first: a container that comes here meanwhile is then found here.
    if (const int error = list_nodes(folder.substr(0, folder.rfind('/')) + "/nodes", answer); error != 0)
        return error;
    const int error = for_each_in(folder, [&](int directory, const char* file) {
        const std::string_view vmid = vmid_of(file);
        if (vmid.empty() || is_full(answer))
            return;
        std::string conf;
        const int unread = io::try_read_whole(directory, file, conf, most_config_bytes);
        if (unread == ENOENT)
            return;
        if (const auto at = answer.elsewhere.find(vmid); at != answer.elsewhere.end())
            answer.elsewhere.erase(at);
        // A file that can't be read still says that the container is here.
        Managed& managed = answer.here[std::string(vmid)];
        if (unread == 0)
            managed = parse_pve_config(conf);
        else if (const auto old = before.here.find(vmid); old != before.here.end())
            managed = old->second;
    });
    return error == 0 && is_full(answer) ? EOVERFLOW : error;
}

bool is_made_by_pve(const Container& container) {
    return container.cgroup_dir == "lxc/" + container.name && is_vmid(container.name);
}

bool has_pve_mount_point(const std::string& folder) {
    const std::string mount_point = folder.substr(0, folder.rfind('/'));
    const std::size_t slash = mount_point.rfind('/');
    bool has = false;
    static_cast<void>(for_each_in(mount_point.substr(0, slash), [&](int, const char* name) {
        has = has || mount_point.compare(slash + 1, std::string::npos, name) == 0;
    }));
    return has;
}

} // namespace lxcmon::discover
