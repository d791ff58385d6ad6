// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>

namespace lxcmon::http {

/// These check a file of certificates or of a private key; check_certificates() also takes a folder. Each
/// returns what is wrong, for an error message at start, or nothing if the file can be used.
[[nodiscard]] std::optional<std::string> check_certificates(const std::string& path);
[[nodiscard]] std::optional<std::string> check_certificate_file(const std::string& path);
[[nodiscard]] std::optional<std::string> check_key_file(const std::string& path);

/// True if the file holds a private key, possibly among other things.
[[nodiscard]] bool holds_key(const std::string& path);

/// Returns all certificates in the files of a folder, as PEM; empty if `path` is not a folder. Throws
/// std::invalid_argument if the folder can't be read.
[[nodiscard]] std::string read_certificate_folder(const std::string& path);

} // namespace lxcmon::http
