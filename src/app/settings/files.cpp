// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/settings/files.hpp"

#include "app/settings/bad_setting.hpp"
#include "app/settings/secret_files.hpp"
#include "io/kernel_file.hpp"
#include "text/foreign_rights.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>

namespace lxcmon::app {
namespace {

constexpr std::size_t most_bytes = 1U << 20U;

[[noreturn]] void fail(const Program& program, const std::string& path, const std::string& message) {
    throw BadSetting(std::string(program.name) + ": " + path + ": " + message);
}

std::string error_text(int error) {
    return std::generic_category().message(error);
}

/// Returns nullopt if the file does not exist.
std::optional<FileSettings> read_file(const std::string& path, const Program& program) {
    if (is_named_pipe(path))
        fail(program, path, "is a pipe, expected a regular file of settings, see --config");
    std::string text;
    const int error = io::try_read_whole(AT_FDCWD, path.c_str(), text, most_bytes);
    if (error == 0)
        return parse_toml(text, path, program);
    if (error == ENOENT)
        return std::nullopt;
    if (error == EOVERFLOW)
        fail(program, path, "is longer than 1 MiB, expected a settings file");
    fail(program, path,
         "can't be read: " + error_text(error) +
             (error == EACCES ? ", expected to run as root, or --config with another file"
                              : ", expected a TOML file, see --config"));
}

/// A user with write access to conf.d or to a settings file could set each option, and so choose the files
/// that the program writes. A character device has no lasting content: /dev/null, a terminal.
void check_owner(const std::string& path, std::string_view kind, SudoUser sudo_user, const Program& program) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0 || S_ISCHR(status.st_mode))
        return;
    const std::string wrong = text::foreign_rights(status, sudo_user);
    if (wrong.empty())
        return;
    fail(program, path,
         wrong + ", expected a " + std::string(kind) + " of root that only root may write; run: " +
             (status.st_uid == sudo_user ? "" : "chown root:root " + path + " && ") + "chmod go-w " + path);
}

std::vector<std::string> names_in(const std::string& folder, const Program& program) {
    std::vector<std::string> names;
    std::error_code error;
    for (std::filesystem::directory_iterator each(folder, error), end; !error && each != end;
         each.increment(error)) {
        std::string name = each->path().filename();
        if (name.starts_with('.') || !name.ends_with(".toml"))
            continue;
        // A dangling link has no settings; to open a FIFO would wait for its writer.
        std::error_code not_there;
        if (!each->is_regular_file(not_there))
            fail(program, folder + "/" + name,
                 "is not a regular file, expected a settings file; remove or rename it");
        names.push_back(std::move(name));
    }
    if (error && error != std::errc::no_such_file_or_directory && error != std::errc::not_a_directory)
        fail(program, folder, "can't be read: " + error.message() + ", expected a folder of TOML files");
    std::ranges::sort(names);
    return names;
}

} // namespace

SettingsFiles read_settings_files(const std::string& main_file, bool must_exist, const Program& program,
                                  SudoUser sudo_user) {
    check_owner(main_file, "file", sudo_user, program);
    auto settings = read_file(main_file, program);
    if (!settings && must_exist)
        fail(program, main_file,
             "can't be read: " + error_text(ENOENT) + ", expected a TOML file, see --config");
    if (!settings)
        settings.emplace();
    const std::string folder = main_file.substr(0, main_file.rfind('/') + 1) + "conf.d";
    check_owner(folder, "folder", sudo_user, program);
    std::size_t conf_files = 0;
    for (const std::string& name : names_in(folder, program)) {
        const std::string path = folder + "/" + name;
        check_owner(path, "file", sudo_user, program);
        auto more = read_file(path, program);
        ++conf_files;
        for (auto& [key, value] : more.value_or(FileSettings{}))
            settings->insert_or_assign(key, std::move(value));
    }
    return {*std::move(settings), conf_files};
}

} // namespace lxcmon::app
