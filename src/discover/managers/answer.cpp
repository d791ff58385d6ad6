// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/managers/answer.hpp"

#include "io/parse.hpp"
#include "text/utf8.hpp"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

namespace lxcmon::discover {
namespace {

constexpr std::string_view here_key = "here";
constexpr std::string_view elsewhere_key = "elsewhere";
constexpr std::string_view end_key = "end";
constexpr std::string_view after_key = ": ";
constexpr std::size_t longest_setting = 1'000;

bool is_letter_or_digit(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Not empty, and of letters, digits and the signs `more`.
bool has_only(std::string_view text, std::string_view more) noexcept {
    return !text.empty() && text.size() <= longest_setting && std::ranges::all_of(text, [&](char c) {
        return is_letter_or_digit(c) || more.find(c) != std::string_view::npos;
    });
}

bool is_label(std::string_view label) noexcept {
    constexpr std::size_t longest = 63;
    return label.size() <= longest && has_only(label, "-") && !label.starts_with('-') &&
           !label.ends_with('-');
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

bool take_text(bool is_valid, std::string_view value, std::string& text) {
    if (is_valid)
        text = value;
    return is_valid;
}

/// As Proxmox VE reads it.
bool take_switch(std::string_view value, std::optional<bool>& flag) noexcept {
    const bool on = value == "1" || value == "on" || value == "yes" || value == "true";
    if (!on && value != "0" && value != "off" && value != "no" && value != "false")
        return false;
    flag = on;
    return true;
}

bool take_cores(std::string_view value, std::optional<std::int64_t>& cores) noexcept {
    constexpr std::int64_t most = 1'000'000;
    const auto number = io::parse_count(value);
    if (!number || *number == 0 || *number > most)
        return false;
    cores = number;
    return true;
}

bool take_disk(std::string_view value, std::vector<ManagedDisk>& disks) {
    constexpr std::size_t longest = 4'095;
    const std::string_view device = io::take_until(value, ' ');
    const bool is_path = value.starts_with('/') && value.size() <= longest &&
                         std::ranges::none_of(value, [](char c) { return text::is_control(c); });
    if (!is_path || !has_only(device, "-_.:/") || disks.size() == most_disks)
        return false;
    disks.push_back({std::string(value), std::string(device)});
    return true;
}

void put(std::string_view key, std::string_view value, std::string& text) {
    if (!value.empty())
        text.append(key).append(after_key).append(value) += '\n';
}

void put(std::string_view key, std::optional<std::int64_t> number, std::string& text) {
    if (number)
        put(key, std::to_string(*number), text);
}

/// A line of the text but its last one. `latest`: the container that a setting belongs to.
bool take_line(std::string_view line, ManagerAnswer& answer, Managed*& latest) {
    if (const std::size_t at = line.find(after_key); at != std::string_view::npos)
        return latest != nullptr &&
               take_setting(line.substr(0, at), line.substr(at + after_key.size()), *latest);
    latest = nullptr;
    const std::string_view key = io::take_until(line, ' ');
    const bool is_here = key == here_key;
    const std::string_view host = is_here ? std::string_view("-") : io::take_until(line, ' ');
    if ((!is_here && key != elsewhere_key) || !is_managed_name(host) || !is_managed_name(line) ||
        answer.here.size() + answer.elsewhere.size() == most_managed)
        return false;
    if (is_here)
        latest = &answer.here[std::string(line)];
    else
        answer.elsewhere.emplace(line, host);
    return true;
}

} // namespace

bool is_managed_name(std::string_view name) noexcept {
    constexpr std::size_t longest = 255;
    return !name.empty() && name.size() <= longest && name != "." && name != ".." &&
           std::ranges::all_of(name, [](char c) {
               return static_cast<unsigned char>(c) > ' ' && c != '\x7f' && c != '/' && c != ':';
           });
}

bool take_setting(std::string_view key, std::string_view value, Managed& managed) {
    if (key == "hostname")
        return take_text(is_host_name(value), value, managed.host_name);
    if (key == "lock")
        return take_text(has_only(value, "-_"), value, managed.lock);
    if (key == "tags")
        return take_text(has_only(value, "-_.+;, "), value, managed.tags);
    if (key == "onboot")
        return take_switch(value, managed.onboot);
    if (key == "template")
        return take_switch(value, managed.is_template);
    if (key == "disk")
        return take_disk(value, managed.disks);
    return key == "cores" && take_cores(value, managed.cores);
}

std::string encode(const ManagerAnswer& answer, int error) {
    std::string text;
    for (const auto& [name, managed] : answer.here) {
        text.append(here_key).append(" ").append(name) += '\n';
        put("hostname", managed.host_name, text);
        put("lock", managed.lock, text);
        put("tags", managed.tags, text);
        put("onboot", managed.onboot, text);
        put("template", managed.is_template, text);
        put("cores", managed.cores, text);
        for (const ManagedDisk& disk : managed.disks)
            put("disk", disk.device + ' ' + disk.mount_point, text);
    }
    for (const auto& [name, host] : answer.elsewhere)
        text.append(elsewhere_key).append(" ").append(host).append(" ").append(name) += '\n';
    return text + std::string(end_key) + ' ' + std::to_string(error) + '\n';
}

int decode(std::string_view text, ManagerAnswer& answer) {
    Managed* latest = nullptr;
    while (text.find('\n') != std::string_view::npos) {
        std::string_view line = io::take_until(text, '\n');
        if (take_line(line, answer, latest))
            continue;
        if (io::take_until(line, ' ') != end_key || !text.empty())
            return EIO;
        return io::parse_number<int>(line).value_or(EIO);
    }
    return EIO;
}

} // namespace lxcmon::discover
