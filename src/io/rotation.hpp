#pragma once

#include <string>

namespace lxcmon::io {

/// Moves `path` to `path.1`, what was there to `path.2`, and so on; `kept` old files stay, the oldest is
/// overwritten. With `kept` 0 the file is removed. A gap in the numbers ends the moving, so that tries
/// which fail half-way don't push the files out one by one. A missing file is no error.
/// Returns 0, or the errno of what failed.
[[nodiscard]] int rotate(const std::string& path, unsigned kept);

/// Makes the folder that `path` lies in, and those above it, with mode 0750. Returns 0 or an errno.
[[nodiscard]] int make_parent_folders(const std::string& path);

/// `path` itself, or the nearest folder above it that exists.
[[nodiscard]] std::string nearest_existing(std::string path);

} // namespace lxcmon::io
