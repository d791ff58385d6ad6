// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/array/array_file.hpp"

#include "deliver/array/array_scan.hpp"
#include "io/rotation.hpp"
#include "text/counted.hpp"
#include "text/foreign_rights.hpp"
#include "text/lines.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace lxcmon::deliver {
namespace {

/// O_NONBLOCK: open() must not wait for the other end of a FIFO.
constexpr int array_flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

std::string_view array_advice(int error) noexcept {
    switch (error) {
    case ENOSPC:
    case EDQUOT:
        return "; make room on the disk: the array is there twice while it grows";
    case EROFS:
        return "; the folder is read-only for this service: a drop-in of the unit with ReadWritePaths= and "
               "the folder opens it, or use another path";
    case EACCES:
    case EPERM:
        return "; this user may not write to the folder: change its owner, or use another path";
    case ELOOP:
        return "; symlinks are not followed: use the real path";
    default:
        return {};
    }
}

std::string folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? std::string() : path.substr(0, slash + 1);
}

/// Lines without their ends, separated by commas.
std::string elements_of(std::string_view lines) {
    std::string elements;
    elements.reserve(lines.size() + 16);
    while (!lines.empty()) {
        const std::size_t bytes = text::end_of_lines(lines, 1);
        const std::string_view line = lines.substr(0, bytes);
        elements.append(elements.empty() ? "" : ",\n").append(line.substr(0, line.find('\n')));
        lines.remove_prefix(bytes);
    }
    return elements;
}

/// Gives a file a second name, or where that is not possible another one: for a moment the first is missing.
int keep_as(const std::string& path, const std::string& name) noexcept {
    if (::unlink(name.c_str()) != 0 && errno != ENOENT)
        return errno;
    if (::link(path.c_str(), name.c_str()) == 0 || std::rename(path.c_str(), name.c_str()) == 0)
        return 0;
    return errno;
}

} // namespace

ArrayFile::ArrayFile(JsonFileSettings settings)
    : settings_(std::move(settings)) {
    const std::string& path = settings_.path;
    if (path.empty() || path == "-" || path.back() == '/')
        throw std::invalid_argument("the JSON file: expected the path of a file for an array");
    const std::string folder = folder_of(path);
    spare_path_ = folder + "." + path.substr(folder.size()) + ".spare";
    lock_path_ = folder + "." + path.substr(folder.size()) + ".lock";
}

void ArrayFile::set_deadline(std::chrono::steady_clock::time_point /*deadline*/) noexcept {}

Verdict ArrayFile::failure(int error, std::string_view doing) const {
    Verdict verdict;
    verdict.outcome = error == ELOOP || error == EISDIR ? Outcome::settings : Outcome::retry;
    verdict.message = name() + ": " + std::string(doing) + ": " + std::generic_category().message(error);
    verdict.message += array_advice(error);
    return verdict;
}

Verdict ArrayFile::refusal(std::string message) const {
    Verdict verdict;
    verdict.outcome = Outcome::settings;
    verdict.message = name() + ": " + std::move(message);
    return verdict;
}

/// Why no file can be made there; empty if one can.
std::string ArrayFile::why_no_place() const {
    if (std::string link = text::foreign_link_before(settings_.path); !link.empty())
        return link;
    const std::string missing = io::missing_folder(settings_.path);
    return missing.empty()
               ? missing
               : "the folder " + missing + " does not exist; correct --json-file, or make that folder";
}

void ArrayFile::drop_spare() noexcept {
    spare_ = {};
    ::unlink(spare_path_.c_str());
}

Verdict ArrayFile::send(std::string_view lines) {
    if (!shown_.is_at(settings_.path) || !shown_.is_untouched())
        if (Verdict verdict = open(); verdict.outcome != Outcome::delivered)
            return verdict;
    const std::string elements = elements_of(lines);
    Verdict verdict = must_rotate(elements) ? rotate_and_begin(elements) : extend(elements);
    if (verdict.outcome != Outcome::delivered)
        drop_spare();
    return verdict;
}

Verdict ArrayFile::open() {
    shown_ = {};
    if (std::string wrong = why_no_place(); !wrong.empty())
        return refusal(std::move(wrong));
    if (const int error = io::make_parent_folders(settings_.path); error != 0)
        return failure(error, "creating its folder");
    if (std::string wrong = lock_.take(lock_path_); !wrong.empty())
        return refusal(std::move(wrong));
    drop_spare(); // of an agent that was killed, perhaps torn
    io::UniqueFd fd(::open(settings_.path.c_str(), array_flags));
    if (!fd)
        return errno == ENOENT ? Verdict() : failure(errno, "opening it");
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0)
        return failure(errno, "reading its size");
    if (!S_ISREG(status.st_mode))
        return refusal("is no regular file, and an array is written to nothing else");
    const auto scan = scan_array(fd.get());
    if (!scan)
        return failure(errno, "reading it");
    if (scan->is_foreign())
        return refusal("is no JSON array of objects; move it away, or use another --json-file");
    if (!scan->is_whole() && status.st_size != 0)
        spdlog::warn("{}: its end is torn, and {} after the last whole snapshot are removed", name(),
                     text::counted(static_cast<std::uint64_t>(status.st_size) - scan->end(), "byte"));
    shown_.fd = std::move(fd);
    shown_.end = scan->end();
    shown_.bytes = static_cast<std::uint64_t>(status.st_size);
    shown_.is_empty = scan->is_empty();
    return {};
}

bool ArrayFile::must_rotate(std::string_view elements) const noexcept {
    constexpr std::uint64_t around_bytes = 8; // commas, line ends, the closing bracket
    return settings_.max_bytes != 0 && !shown_.is_empty &&
           shown_.end + elements.size() + around_bytes > settings_.max_bytes;
}

/// The new array is complete before the old one gives its name away.
Verdict ArrayFile::rotate_and_begin(std::string_view elements) {
    drop_spare();
    if (const int error = spare_.create(spare_path_, {}); error != 0)
        return failure(error, "creating its next file");
    if (const int error = spare_.append(elements); error != 0)
        return failure(error, "writing its next file");
    if (const int error = spare_.take_mode(shown_); error != 0)
        return failure(error, "setting the mode of " + spare_path_);
    if (const int error = keep_old(); error != 0)
        return failure(error, "rotating it");
    if (std::rename(spare_path_.c_str(), settings_.path.c_str()) != 0)
        return failure(errno, "renaming " + spare_path_);
    shown_ = std::exchange(spare_, {});
    return {};
}

int ArrayFile::keep_old() const {
    const std::string newest = settings_.path + ".1";
    if (settings_.kept == 0 || shown_.is_at(newest)) // a try before this one got as far
        return 0;
    const int error = io::make_room(settings_.path, settings_.kept);
    return error != 0 ? error : keep_as(settings_.path, newest);
}

Verdict ArrayFile::extend(std::string_view elements) {
    bool is_extended = false;
    if (const IdleFile idle(spare_.fd.get()); idle.is_idle() && spare_.is_untouched()) {
        if (const int error = spare_.append(elements); error != 0)
            return failure(error, "writing " + spare_path_);
        is_extended = true;
    }
    if (!is_extended) {
        drop_spare(); // a reader that has it open keeps it
        if (const int error = spare_.create(spare_path_, shown_); error != 0)
            return failure(error, "copying it to " + spare_path_);
        if (const int error = spare_.append(elements); error != 0)
            return failure(error, "writing " + spare_path_);
    }
    if (const int error = spare_.take_mode(shown_); error != 0)
        return failure(error, "setting the mode of " + spare_path_);
    return show_spare(elements);
}

Verdict ArrayFile::show_spare(std::string_view elements) {
    const char* const path = settings_.path.c_str();
    if (shown_.fd && ::renameat2(AT_FDCWD, spare_path_.c_str(), AT_FDCWD, path, RENAME_EXCHANGE) == 0) {
        std::swap(shown_, spare_);
        spare_.missing = elements;
        if (spare_.has_other_names()) // somebody, or a rotation, keeps it under another name
            drop_spare();
        return {};
    }
    // There is no file yet, or this filesystem can't exchange two names.
    if (std::rename(spare_path_.c_str(), path) != 0)
        return failure(errno, "renaming " + spare_path_);
    shown_ = std::exchange(spare_, {});
    return {};
}

std::vector<Finding> ArrayFile::probe() {
    if (std::string wrong = why_no_place(); !wrong.empty())
        return {{"file", false, name() + ": " + wrong}};
    std::string folder = folder_of(settings_.path);
    if (folder.size() > 1)
        folder.pop_back();
    folder = io::nearest_existing(folder.empty() ? "." : folder);
    if (::access(folder.c_str(), W_OK | X_OK) != 0)
        return {{"file", false, failure(errno, "creating a file in " + folder).message}};
    const io::UniqueFd fd(::open(settings_.path.c_str(), array_flags));
    if (!fd && errno == ENOENT)
        return {{"file", true, name() + ": can be created in " + folder}};
    if (!fd)
        return {{"file", false, failure(errno, "opening it").message}};
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode))
        return {{"file", false, name() + ": is no regular file"}};
    const auto scan = scan_array(fd.get());
    if (!scan || scan->is_foreign())
        return {{"file", false,
                 name() + ": is no JSON array of objects; move it away, or use another --json-file"}};
    return {{"file", true, name() + ": can be written"}};
}

} // namespace lxcmon::deliver
