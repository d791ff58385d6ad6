// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "spool/folder.hpp"

#include <string>

namespace lxcmon::spool {

/// The file that names the server whose points are directly in the folder of the spool.
inline constexpr const char* owner_name = "owner";
/// Its name while it is written.
inline constexpr const char* owner_temporary_name = "owner.tmp";

/// Returns the URL in the file; an empty one if there is none. Needs no lock. The content may be untrusted;
/// a link, a FIFO and a file above 64 KiB count as absent.
[[nodiscard]] std::string read_owner(const std::string& folder);

/// Makes the file name `url`, unless it does already or `url` is empty. Replaces whatever has its name,
/// except a folder. The folder must be open. Returns 0 or an errno.
[[nodiscard]] int note_owner(const Folder& folder, const std::string& url);

} // namespace lxcmon::spool
