// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>

/// What users other than root and this process's own could change. A text names the fault: "belongs to the
/// user 4711", "may be written by other users"; it is empty if there is none.
namespace lxcmon::text {

/// True for root, this process's own user, and `friend_user`.
[[nodiscard]] bool is_own_user(uid_t user, std::optional<uid_t> friend_user = {}) noexcept;
/// True for root's group and this process's own.
[[nodiscard]] bool is_own_group(gid_t group) noexcept;

/// Of a file or folder. `friend_user` is trusted, too. Root's group and this process's own may write.
[[nodiscard]] std::string foreign_rights(const struct stat& status, std::optional<uid_t> friend_user = {});

/// The first symbolic link on the way to `path`, or at its end, that another user has made or could replace:
/// "PATH is a symbolic link that belongs to the user 4711". What does not exist is no fault.
[[nodiscard]] std::string foreign_link(const std::string& path);
/// The same for the folders on the way to a file, which itself is opened with O_NOFOLLOW; with what is
/// expected.
[[nodiscard]] std::string foreign_link_before(const std::string& file);

} // namespace lxcmon::text
