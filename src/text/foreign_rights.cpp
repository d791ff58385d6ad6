// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/foreign_rights.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstddef>

namespace lxcmon::text {
namespace {

/// As in the kernel.
constexpr unsigned most_links = 40;

std::string belongs_to(uid_t user) {
    return "belongs to the user " + std::to_string(user);
}

std::string target_of(const std::string& link, const std::string& folder) {
    std::array<char, PATH_MAX> target{};
    const ssize_t size = ::readlink(link.c_str(), target.data(), target.size());
    if (size <= 0)
        return {};
    std::string text(target.data(), static_cast<std::size_t>(size));
    return text.front() == '/' ? text : folder + text;
}

/// In a sticky folder, such as /tmp, only the owner of a link can replace it.
std::string link_fault(const std::string& link, const struct stat& status, const std::string& folder) {
    struct stat around {};
    std::string fault;
    if (!is_own_user(status.st_uid))
        fault = " that " + belongs_to(status.st_uid);
    else if (::stat(folder.empty() ? "." : folder.c_str(), &around) == 0 &&
             ((around.st_mode & S_ISVTX) == 0 || !is_own_user(around.st_uid)))
        if (const std::string rights = foreign_rights(around); !rights.empty())
            fault = " in a folder that " + rights;
    return fault.empty() ? fault : link + " is a symbolic link" + fault;
}

std::string find_link(const std::string& path, unsigned links) {
    for (std::size_t end = 0; end < path.size() && links < most_links;) {
        const std::size_t begin = path.find_first_not_of('/', end);
        end = std::min(path.find('/', begin), path.size());
        const std::string part = path.substr(0, end);
        struct stat status {};
        if (begin == std::string::npos || ::lstat(part.c_str(), &status) != 0)
            break;
        if (!S_ISLNK(status.st_mode))
            continue;
        const std::string folder = path.substr(0, begin);
        if (std::string fault = link_fault(part, status, folder); !fault.empty())
            return fault;
        if (std::string fault = find_link(target_of(part, folder), ++links); !fault.empty())
            return fault;
    }
    return {};
}

} // namespace

bool is_own_user(uid_t user, std::optional<uid_t> friend_user) noexcept {
    return user == 0 || user == ::geteuid() || user == friend_user;
}

bool is_own_group(gid_t group) noexcept {
    return group == 0 || group == ::getegid();
}

std::string foreign_rights(const struct stat& status, std::optional<uid_t> friend_user) {
    if (!is_own_user(status.st_uid, friend_user))
        return belongs_to(status.st_uid);
    const bool by_group = (status.st_mode & S_IWGRP) != 0 && !is_own_group(status.st_gid);
    return by_group || (status.st_mode & S_IWOTH) != 0 ? "may be written by other users" : std::string();
}

std::string foreign_link(const std::string& path) {
    return find_link(path, 0);
}

std::string foreign_link_before(const std::string& file) {
    std::string link = foreign_link(file.substr(0, file.rfind('/') + 1));
    return link.empty() ? link : link + "; expected a path that no other user can change";
}

} // namespace lxcmon::text
