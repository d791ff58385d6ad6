// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace lxcmon::io {

/// Renames `path` to `path.1`, `path.1` to `path.2`, and so on. `kept` old files stay; the oldest is
/// overwritten. With `kept` 0 the file is removed. A gap in the numbers ends the renaming, so that repeated
/// attempts that fail half-way do not lose files one by one. A missing file is no error.
/// Returns 0, or the errno of the failed call.
[[nodiscard]] int rotate(const std::string& path, unsigned kept);
/// The part of rotate() that leaves `path` where it is: afterwards `path.1` is free, or with `kept` 1 the
/// oldest file, to be overwritten.
[[nodiscard]] int make_room(const std::string& path, unsigned kept);

/// True if the open file still has this path: nobody has renamed, removed or replaced it. `path` itself may
/// not be a symbolic link.
[[nodiscard]] bool is_at_path(int fd, const std::string& path) noexcept;

/// The agent's own folder.
inline constexpr std::string_view state_folder = "/var/lib/lxcmon-push";

/// The first parent folder of `path` that does not exist and that make_parent_folders() does not create: a
/// path with a typing error must not become a new tree. Empty if there is none.
[[nodiscard]] std::string missing_folder(const std::string& path);

/// Creates the parent folders of `path` with mode 0750, as far as they are the agent's own folder or in it.
/// Returns 0 or an errno.
[[nodiscard]] int make_parent_folders(const std::string& path);

/// `path` itself, or the nearest folder above it that exists.
[[nodiscard]] std::string nearest_existing(std::string path);

} // namespace lxcmon::io
