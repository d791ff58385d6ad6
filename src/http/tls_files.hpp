#pragma once

#include <optional>
#include <string>

namespace lxcmon::http {

/// What is wrong with a file of certificates, of a key, or (where `path` is a folder) with the certificates
/// in it; nothing where it is good. For a person to read, at start.
[[nodiscard]] std::optional<std::string> check_certificates(const std::string& path);
[[nodiscard]] std::optional<std::string> check_certificate_file(const std::string& path);
[[nodiscard]] std::optional<std::string> check_key_file(const std::string& path);

/// Whether the file holds a private key, beside what else it holds.
[[nodiscard]] bool holds_key(const std::string& path);

/// All certificates in the files of a folder, in PEM; empty where `path` is no folder. Throws
/// std::invalid_argument where it can't be read.
[[nodiscard]] std::string read_certificate_folder(const std::string& path);

} // namespace lxcmon::http
