// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

/// Parsers of globs (fnmatch(3)) that match names of one kind. They return `text`, and throw text::BadValue
/// if it can match no such name or is probably several globs.
namespace lxcmon::app {

[[nodiscard]] std::string container_glob(const std::string& text);
[[nodiscard]] std::string interface_glob(const std::string& text);
/// Of a block device: "sda", "cciss/c0d0".
[[nodiscard]] std::string device_glob(const std::string& text);
/// A mount point, which begins with a slash and may have blanks, or a type.
[[nodiscard]] std::string filesystem_glob(const std::string& text);
/// Adds `text` to the globs of --metrics, if all together select something (Selection::of()).
void add_metrics_glob(const std::string& text, std::vector<std::string>& globs);

} // namespace lxcmon::app
