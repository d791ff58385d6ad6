// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/settings/secret_files.hpp"

#include "text/foreign_rights.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace lxcmon::app {
namespace {

/// Other users can use what this folder has in it: by its mode, or because they may change the mode.
bool lets_others_pass(const std::string& folder, std::optional<uid_t> sudo_user) noexcept {
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0 || !text::is_own_user(status.st_uid, sudo_user))
        return true;
    return (status.st_mode & S_IXOTH) != 0 ||
           ((status.st_mode & S_IXGRP) != 0 && !text::is_own_group(status.st_gid));
}

/// Empty if the path can't be resolved.
std::string resolved(const std::string& path) {
    const std::unique_ptr<char, decltype(&std::free)> text(::realpath(path.c_str(), nullptr), &std::free);
    return text == nullptr ? std::string() : text.get();
}

/// `path` is resolved.
bool is_protected_by_folder(std::string path, std::optional<uid_t> sudo_user) {
    while (path.size() > 1) {
        path.resize(std::max<std::size_t>(path.rfind('/'), 1));
        if (!lets_others_pass(path, sudo_user))
            return true;
    }
    return false;
}

/// The file that holds the secret of an option; empty: the command line, the environment.
std::string secret_file(const Option& option, const Given& given) {
    if (given.values.empty())
        return {};
    if (option.secret == Secret::file && !given.is_standard)
        return given.values.front();
    return option.secret == Secret::value ? given.file : std::string();
}

} // namespace

std::optional<std::string> find_readers(const std::string& path, std::optional<uid_t> sudo_user) {
    const std::string file = resolved(path);
    struct stat status {};
    if (file.empty() || ::stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode))
        return std::nullopt;
    const bool by_all = (status.st_mode & S_IROTH) != 0;
    const bool by_group = (status.st_mode & S_IRGRP) != 0 && !text::is_own_group(status.st_gid);
    const bool is_good_owner = text::is_own_user(status.st_uid, sudo_user);
    if ((is_good_owner && !by_all && !by_group) || is_protected_by_folder(file, sudo_user))
        return std::nullopt;
    if (!is_good_owner)
        return "belongs to the user " + std::to_string(status.st_uid) + "; run: chown root " + file +
               " && chmod 600 " + file;
    return (by_all ? "can be read by all users"
                   : "can be read by the group " + std::to_string(status.st_gid)) +
           std::string("; run: chmod 600 ") + file;
}

void check_secret_files(const Program& program, const std::vector<Given>& all) {
    for (const Given& given : all) {
        const Option& option = *program.options[given.option];
        const std::string path = secret_file(option, given);
        if (const auto readers = path.empty() ? std::nullopt : find_readers(path, given.sudo_user))
            throw BadSetting(std::string(program.name) + ": --" + std::string(option.name) + given.origin +
                             ": '" + path + "', which holds a secret, " + *readers +
                             " (--allow-readable-secrets accepts it)");
    }
}

bool is_named_pipe(const std::string& path) noexcept {
    struct stat status {};
    return !path.starts_with("/dev/") && !path.starts_with("/proc/") && ::stat(path.c_str(), &status) == 0 &&
           S_ISFIFO(status.st_mode);
}

} // namespace lxcmon::app
