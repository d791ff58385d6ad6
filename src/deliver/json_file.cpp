// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/json_file.hpp"

#include "io/rotation.hpp"
#include "io/write_all.hpp"
#include "text/foreign_rights.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace lxcmon::deliver {

namespace {

constexpr mode_t file_mode = 0640;

/// O_NONBLOCK is for FIFOs: open() must not block if there is no reader. Regular files ignore it.
constexpr int open_flags = O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

std::string_view advice(int error) noexcept {
    switch (error) {
    case ENOSPC:
    case EDQUOT:
        return "; make room on the disk";
    case EROFS:
        return "; the filesystem is read-only: mount it for writing, or use another path";
    case EACCES:
    case EPERM:
        return "; this user has no write permission: change the permissions, or use another path";
    case ELOOP:
        return "; symlinks are not followed: use the real path";
    case ETIMEDOUT:
    case ENXIO:
    case EPIPE:
        return "; no process reads it";
    default:
        return {};
    }
}

} // namespace

JsonFile::JsonFile(JsonFileSettings settings)
    : settings_(std::move(settings))
    , is_stdout_(settings_.path == "-")
    , stream_(settings_.stream_timeout) {
    if (settings_.path.empty() || settings_.path.back() == '/')
        throw std::invalid_argument("the JSON file: expected the path of a file, or - for stdout");
}

void JsonFile::set_deadline(std::chrono::steady_clock::time_point deadline) noexcept {
    stream_.set_deadline(deadline);
}

Verdict JsonFile::failure(int error, std::string_view doing) const {
    Verdict verdict;
    // A symlink or folder in place of the file needs a person; any other error may pass.
    verdict.outcome = error == ELOOP || error == EISDIR ? Outcome::settings : Outcome::retry;
    verdict.message = name() + ": " + std::string(doing) + ": " + std::generic_category().message(error);
    verdict.message += advice(error);
    return verdict;
}

std::string JsonFile::why_missing() const {
    const std::string missing = io::missing_folder(settings_.path);
    return missing.empty() ? missing
                           : name() + ": the folder " + missing +
                                 " does not exist; correct --json-file, or make that folder";
}

Verdict JsonFile::send(std::string_view lines) {
    if (is_stdout_)
        return stream(STDOUT_FILENO, lines);
    if (fd_ && !io::is_at_path(fd_.get(), settings_.path))
        fd_.reset();
    if (!fd_)
        if (Verdict verdict = open(); verdict.outcome != Outcome::delivered)
            return verdict;
    return is_regular_ ? append(lines) : stream(fd_.get(), lines);
}

Verdict JsonFile::open() {
    stream_.restart();
    if (const std::string link = text::foreign_link_before(settings_.path); !link.empty()) {
        Verdict verdict;
        verdict.outcome = Outcome::settings;
        verdict.message = name() + ": " + link;
        return verdict;
    }
    if (std::string missing = why_missing(); !missing.empty()) {
        Verdict verdict;
        verdict.outcome = Outcome::settings;
        verdict.message = std::move(missing);
        return verdict;
    }
    if (const int error = io::make_parent_folders(settings_.path); error != 0)
        return failure(error, "creating its folder");
    fd_.reset(::open(settings_.path.c_str(), open_flags | O_CREAT, file_mode));
    if (!fd_)
        return failure(errno, "opening it");
    struct stat status {};
    if (::fstat(fd_.get(), &status) != 0)
        return failure(errno, "reading its size");
    is_regular_ = S_ISREG(status.st_mode);
    if (!is_regular_ && !S_ISCHR(status.st_mode) && !S_ISFIFO(status.st_mode)) {
        fd_.reset();
        // Writing to a block device would overwrite a disk.
        return failure(EISDIR, "it is neither a file nor a pipe");
    }
    if (is_regular_ && status.st_size > 0 && ends_in_torn_line()) {
        // Left by a crash during a write; the next line must not become a part of it.
        std::size_t written = 0;
        if (const int error = io::write_all(fd_.get(), "\n", written); error != 0) {
            fd_.reset();
            return failure(error, "ending its incomplete last line");
        }
    }
    return {};
}

bool JsonFile::ends_in_torn_line() const {
    const io::UniqueFd reader(::open(settings_.path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    struct stat status {};
    if (!reader || ::fstat(reader.get(), &status) != 0 || status.st_size == 0)
        return false;
    char last = '\n';
    return ::pread(reader.get(), &last, 1, status.st_size - 1) == 1 && last != '\n';
}

Verdict JsonFile::append(std::string_view lines) {
    struct stat status {};
    if (::fstat(fd_.get(), &status) != 0)
        return failure(errno, "reading its size");
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (settings_.max_bytes != 0 && size != 0 && size + lines.size() > settings_.max_bytes) {
        if (const int error = io::rotate(settings_.path, settings_.kept); error != 0)
            return failure(error, "rotating it");
        if (Verdict verdict = open(); verdict.outcome != Outcome::delivered)
            return verdict;
        status.st_size = 0;
    }
    std::size_t written = 0;
    const int error = io::write_all(fd_.get(), lines, written);
    if (error == 0)
        return {};
    // The retry would write the first part of the batch twice.
    if (written != 0 && ::ftruncate(fd_.get(), status.st_size) != 0) {
        Verdict verdict = failure(errno, "removing an incomplete batch from it");
        fd_.reset(); // so that open() ends the incomplete line
        return verdict;
    }
    return failure(error, "writing");
}

Verdict JsonFile::stream(int fd, std::string_view lines) {
    const int error = stream_.write(fd, lines);
    if (error == 0)
        return {};
    if (error == EPIPE) { // the next reader must begin with a whole line
        stream_.restart();
        fd_.reset();
    }
    return failure(error, "writing");
}

std::vector<Finding> JsonFile::probe() {
    if (is_stdout_)
        return {{"file", true, "stdout"}};
    if (std::string link = text::foreign_link_before(settings_.path); !link.empty())
        return {{"file", false, std::move(link)}};
    struct stat status {};
    if (::lstat(settings_.path.c_str(), &status) != 0)
        return {errno == ENOENT ? probe_missing()
                                : Finding{"file", false, failure(errno, "checking it").message}};
    // Without O_CREAT: a check creates no file.
    const io::UniqueFd fd(::open(settings_.path.c_str(), open_flags));
    if (!fd && !(S_ISFIFO(status.st_mode) && errno == ENXIO))
        return {{"file", false, failure(errno, "opening it").message}};
    if (S_ISBLK(status.st_mode))
        return {{"file", false, settings_.path + ": is neither a file nor a pipe"}};
    return {{"file", true, settings_.path + ": can be written"}};
}

/// The file does not exist: the nearest existing folder decides whether it can be created.
Finding JsonFile::probe_missing() const {
    if (std::string missing = why_missing(); !missing.empty())
        return {"file", false, std::move(missing)};
    const std::string folder = io::nearest_existing(settings_.path);
    if (::access(folder.c_str(), W_OK | X_OK) != 0)
        return {"file", false, failure(errno, "creating it in " + folder).message};
    return {"file", true, settings_.path + ": can be created in " + folder};
}

} // namespace lxcmon::deliver
