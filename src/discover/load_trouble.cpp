// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/load_trouble.hpp"

#include "discover/user_rights.hpp"
#include "io/kernel_file.hpp"
#include "io/parse.hpp"
#include "io/unique_fd.hpp"
#include "text/printable.hpp"
#include "text/trimmed.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <system_error>

namespace lxcmon::discover {
namespace {

/// For a person's shell: a user names the containers of an lxcpath of its own.
std::string shell_word(const std::string& text) {
    constexpr std::string_view plain =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-+:@";
    if (text.find_first_not_of(plain) == std::string::npos)
        return text;
    std::string word = "'";
    for (const char c : text)
        word += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return word + "'";
}

/// "'PATH', which can't be read: REASON".
std::string file_trouble(const std::string& path, const char* what, int error) {
    return "'" + text::printable(path) + "', which can't be " + what + ": " +
           std::generic_category().message(error);
}

/// Makes no file, as liblxc would.
std::string log_file_trouble(const std::string& path) {
    const io::UniqueFd log(::open(path.c_str(), O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (log)
        return {};
    return "its lxc.log.file is " + file_trouble(path, "opened", errno) +
           (errno == ENOENT
                ? "; the agent makes no file: make it as that user (touch), or remove lxc.log.file"
                : "");
}

std::string line_trouble(std::string_view line) {
    const std::string_view key = text::trimmed(io::take_until(line, '='));
    const std::string value(text::trimmed(line));
    if (key == "lxc.include" && ::access(value.c_str(), R_OK) != 0)
        return "it includes " + file_trouble(value, "read", errno);
    return key == "lxc.log.file" ? log_file_trouble(value) : std::string();
}

} // namespace

std::string load_trouble(const std::string& lxcpath, const std::string& name) {
    const std::string path = lxcpath + "/" + name + "/config";
    std::string text, trouble;
    if (const int error = io::try_read_whole(AT_FDCWD, path.c_str(), text, largest_config_bytes); error != 0)
        return "its configuration is " + file_trouble(path, "read", error);
    text += '\n';
    io::for_each_line(text, [&](std::string_view line) {
        if (trouble.empty())
            trouble = line_trouble(line);
    });
    if (!trouble.empty())
        return trouble;
    return "its configuration or an include has an unknown key or a bad value; the line is named by" +
           (::geteuid() == 0 ? std::string() : " (as that user, never as root)") + ": lxc-info -P " +
           shell_word(lxcpath) + " -n " + shell_word(name) + " -l ERROR";
}

} // namespace lxcmon::discover
