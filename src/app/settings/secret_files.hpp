// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "app/settings/parse.hpp"

#include <sys/types.h>

#include <optional>
#include <string>

namespace lxcmon::app {

/// The users who can read a file with a secret, beside root, the user of this process and `sudo_user`, and
/// the remedy: "can be read by all users; run: chmod 600 FILE". nullopt if there are none, or if the file
/// can't be examined. A folder on the way that only these users can pass through protects the file.
[[nodiscard]] std::optional<std::string> find_readers(const std::string& path,
                                                      std::optional<uid_t> sudo_user = {});

/// Checks each file with a secret: the file that an option names, or a settings file with the secret in it.
/// Throws BadSetting if other users can read it.
void check_secret_files(const Program& program, const std::vector<Given>& all);

/// True for a FIFO, except /dev/fd/N and the like: open() would wait for its writer.
[[nodiscard]] bool is_named_pipe(const std::string& path) noexcept;

} // namespace lxcmon::app
