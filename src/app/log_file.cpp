// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/log_file.hpp"

#include "io/rotation.hpp"
#include "io/write_all.hpp"
#include "text/foreign_rights.hpp"

#include <fcntl.h>
#include <spdlog/common.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

namespace lxcmon::app {
namespace {

/// The service's own, and the only folder that is made.
constexpr std::string_view standard_folder = "/var/log/lxcmon-push";
constexpr mode_t log_folder_mode = 0750;
constexpr mode_t log_file_mode = 0644;
/// O_NONBLOCK: open() must not wait for the reader of a FIFO.
constexpr int log_file_flags = O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

std::string folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, slash == 0 ? 1 : slash);
}

bool exists(const std::string& path) noexcept {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 || errno != ENOENT;
}

/// Why the file isn't opened; empty if nothing speaks against it.
std::string why_no_log_file(const std::string& path) {
    if (std::string link = text::foreign_link_before(path); !link.empty())
        return link;
    struct stat status {};
    if (::lstat(path.c_str(), &status) == 0) {
        if (S_ISLNK(status.st_mode))
            return path +
                   " is a symbolic link, and no link is followed; expected the path of the file itself";
        if (!S_ISREG(status.st_mode) && !S_ISCHR(status.st_mode))
            return path + " is no regular file; expected the path of a file";
    } else if (const std::string folder = folder_of(path); !exists(folder) && folder != standard_folder) {
        return "the folder " + folder + " does not exist; make it, or name a file in another one";
    }
    return {};
}

std::string open_error(const std::string& path, int error) {
    return path + " can't be opened: " + std::generic_category().message(error) +
           "; expected a file in a writable folder";
}

} // namespace

LogFile::LogFile(const LogSettings& settings)
    : path_(settings.file)
    , max_bytes_(settings.max_bytes)
    , keep_(settings.keep) {
    if (const std::string why = why_no_log_file(path_); !why.empty())
        throw std::runtime_error(why);
    if (folder_of(path_) == standard_folder)
        ::mkdir(folder_of(path_).c_str(), log_folder_mode); // open() tells whether it is there now
    open();
}

void LogFile::open() {
    io::UniqueFd fd(::open(path_.c_str(), log_file_flags | O_CREAT, log_file_mode));
    struct stat status {};
    if (!fd || ::fstat(fd.get(), &status) != 0)
        throw std::runtime_error(open_error(path_, errno));
    fd_ = std::move(fd);
    is_regular_ = S_ISREG(status.st_mode);
    bytes_ = static_cast<std::uint64_t>(status.st_size);
}

void LogFile::sink_it_(const spdlog::details::log_msg& message) {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    // Another user may have put a link in the place of a folder meanwhile.
    if (is_regular_ && bytes_ > 0 && bytes_ + line.size() > max_bytes_ && why_no_log_file(path_).empty() &&
        io::rotate(path_, keep_) == 0)
        open();
    write({line.data(), line.size()});
}

void LogFile::write(std::string_view line) {
    std::size_t written = 0;
    const int error = io::write_all(fd_.get(), line, written);
    bytes_ += written;
    if (error != 0)
        spdlog::throw_spdlog_ex(path_ + " can't be written", error);
}

Finding probe_log_file(const std::string& path) {
    if (std::string why = why_no_log_file(path); !why.empty())
        return {"log", false, std::move(why)};
    const bool is_there = ::access(path.c_str(), F_OK) == 0;
    const std::string place = is_there ? path : io::nearest_existing(path);
    if (::access(place.c_str(), is_there ? W_OK : W_OK | X_OK) != 0)
        return {"log", false, open_error(path, errno)};
    return {"log", true, path + (is_there ? ": can be written" : ": can be made in " + place)};
}

} // namespace lxcmon::app
