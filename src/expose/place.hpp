// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"

#include <cstdint>
#include <string>

namespace lxcmon::expose {

/// Whether another user may own or write a folder on the way to a file.
enum class Strangers : std::uint8_t {
    refused, ///< none, except a sticky folder of root's (/tmp): nobody else can exchange a part of the path
    allowed  ///< from there on no symbolic link is followed: the folder that is opened is never elsewhere
};

/// The folder of a file, opened, and the file's name in it. Each part of the path is opened in the one
/// before, so that nobody can exchange a part after it was checked. A symbolic link is followed if it is
/// root's or this process's user's, and no other user can exchange it. Blocks while a disk does.
struct Place {
    /// `path` without a slash: in the working folder.
    explicit Place(const std::string& path, Strangers strangers);

    std::string name;
    io::UniqueFd folder; ///< O_PATH; empty: `error` and `wrong` say why
    int error = 0;       ///< an errno; 0: none, or `wrong`
    std::string wrong;   ///< what another user could change, and what is expected instead; empty: nothing
};

} // namespace lxcmon::expose
