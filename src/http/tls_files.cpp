// SPDX-License-Identifier: GPL-2.0-or-later
#include "http/tls_files.hpp"

#include "io/kernel_file.hpp"
#include "text/contains.hpp"

#include <fcntl.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <vector>

namespace lxcmon::http {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view certificate_mark = "-----BEGIN CERTIFICATE-----";
constexpr std::string_view trusted_mark = "-----BEGIN TRUSTED CERTIFICATE-----";
constexpr std::string_view key_mark = "PRIVATE KEY-----";
constexpr std::size_t longest_file_bytes = std::size_t{4} << 20U;

bool has_certificate(std::string_view text) noexcept {
    return text::contains(text, certificate_mark) || text::contains(text, trusted_mark);
}

/// Fills `text`, or returns what is wrong.
std::optional<std::string> read(const std::string& path, std::string& text) {
    const int error = io::try_read_whole(AT_FDCWD, path.c_str(), text, longest_file_bytes);
    if (error == 0)
        return std::nullopt;
    return "can't be read: " + std::generic_category().message(error) + "; expected a PEM file";
}

bool is_folder(const std::string& path) {
    std::error_code ignored;
    return fs::is_directory(path, ignored);
}

} // namespace

std::optional<std::string> check_certificate_file(const std::string& path) {
    std::string text;
    if (auto wrong = read(path, text))
        return wrong;
    if (has_certificate(text))
        return std::nullopt;
    return "holds no certificate; expected a PEM file with a line " + std::string(certificate_mark);
}

std::optional<std::string> check_certificates(const std::string& path) {
    if (!is_folder(path))
        return check_certificate_file(path);
    try {
        if (!read_certificate_folder(path).empty())
            return std::nullopt;
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "is a folder without certificates; expected PEM files in it";
}

std::optional<std::string> check_key_file(const std::string& path) {
    std::string text;
    if (auto wrong = read(path, text))
        return wrong;
    if (!text::contains(text, key_mark))
        return "holds no private key; expected a PEM file with a line -----BEGIN PRIVATE KEY-----";
    if (text::contains(text, "ENCRYPTED"))
        return "is locked with a password; expected a key without one (openssl pkey -in KEY -out NEW)";
    return std::nullopt;
}

bool holds_key(const std::string& path) {
    std::string text;
    return !read(path, text) && text::contains(text, key_mark);
}

std::string read_certificate_folder(const std::string& path) {
    if (!is_folder(path))
        return {};
    std::error_code error;
    std::vector<fs::path> files;
    for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error))
        if (std::error_code ignored; entry->is_regular_file(ignored))
            files.push_back(entry->path());
    if (error)
        throw std::invalid_argument("can't be read: " + error.message() + "; expected a folder of PEM files");
    std::sort(files.begin(), files.end());
    std::string all;
    for (const fs::path& file : files) {
        std::string text;
        // A folder of certificates may hold other files and dangling symlinks.
        if (read(file.string(), text) || !has_certificate(text) || all.size() > longest_file_bytes)
            continue;
        all += text;
        all += '\n';
    }
    return all;
}

} // namespace lxcmon::http
