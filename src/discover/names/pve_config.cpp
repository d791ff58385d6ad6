// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/names/pve_config.hpp"

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

constexpr std::string_view config_suffix = ".conf";
constexpr std::string_view end_key = "end";
/// Proxmox VE limits a file there to 1 MiB.
constexpr std::size_t most_config_bytes = 1U << 20U;
constexpr std::size_t most_containers = 20'000;

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

bool is_label(std::string_view label) noexcept {
    constexpr std::size_t longest = 63;
    return !label.empty() && label.size() <= longest && !label.starts_with('-') && !label.ends_with('-') &&
           std::ranges::all_of(label, [](char c) {
               return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
           });
}

bool is_host_name(std::string_view name) noexcept {
    constexpr std::size_t longest = 253;
    if (name.empty() || name.size() > longest || name.ends_with('.'))
        return false;
    while (!name.empty())
        if (!is_label(io::take_until(name, '.')))
            return false;
    return true;
}

bool is_vmid(std::string_view text) noexcept {
    constexpr std::size_t longest = 9;
    return !text.empty() && text.size() <= longest && std::ranges::all_of(text, is_digit);
}

/// "101" for "101.conf"; empty if the file is not a container's configuration.
std::string_view vmid_of(std::string_view file) noexcept {
    if (!file.ends_with(config_suffix))
        return {};
    file.remove_suffix(config_suffix.size());
    return is_vmid(file) ? file : std::string_view{};
}

} // namespace

std::optional<std::string> pve_host_name(std::string_view conf) {
    constexpr std::string_view key = "hostname:";
    std::optional<std::string> name;
    while (!conf.empty() && !conf.starts_with('[')) {
        std::string_view line = io::take_until(conf, '\n');
        if (!line.starts_with(key))
            continue;
        line.remove_prefix(key.size());
        if (const std::string_view value = text::trimmed(line); is_host_name(value))
            name = std::string(value);
    }
    return name;
}

int read_pve_folder(const std::string& folder, const HostNames& before, HostNames& names) {
    const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(folder.c_str()), &::closedir);
    if (!listing)
        return errno;
    errno = 0;
    while (const dirent* entry = ::readdir(listing.get())) {
        const std::string_view vmid = vmid_of(entry->d_name);
        if (vmid.empty() || names.size() == most_containers)
            continue;
        std::string conf;
        const int error = io::try_read_whole(::dirfd(listing.get()), entry->d_name, conf, most_config_bytes);
        if (error == 0) {
            if (auto name = pve_host_name(conf))
                names.emplace(vmid, std::move(*name));
        } else if (const auto old = before.find(vmid); error != ENOENT && old != before.end()) {
            names.insert(*old);
        }
        errno = 0;
    }
    return errno;
}

std::string encode(const HostNames& names, int error) {
    std::string text;
    for (const auto& [vmid, name] : names)
        text += vmid + ' ' + name + '\n';
    return text + std::string(end_key) + ' ' + std::to_string(error) + '\n';
}

int decode_names(std::string_view text, HostNames& names) {
    while (text.find('\n') != std::string_view::npos) {
        std::string_view line = io::take_until(text, '\n');
        const std::string_view key = io::take_until(line, ' ');
        if (key == end_key)
            return text.empty() ? io::parse_number<int>(line).value_or(EIO) : EIO;
        if (!is_vmid(key) || !is_host_name(line))
            return EIO;
        names.emplace(key, line);
    }
    return EIO;
}

} // namespace lxcmon::discover
