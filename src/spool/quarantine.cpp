// SPDX-License-Identifier: GPL-2.0-or-later
#include "spool/quarantine.hpp"

#include "io/parse.hpp"
#include "io/rotation.hpp"
#include "spool/contents.hpp"
#include "spool/folder.hpp"
#include "text/file_error.hpp"

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <utility>

namespace lxcmon::spool {
namespace {

using Json = nlohmann::ordered_json;

/// `2026-11-21T06:50:00Z`
std::string utc(std::int64_t time_ns) {
    const std::time_t seconds = time_ns / 1'000'000'000;
    std::tm parts{};
    std::array<char, 64> text{};
    if (::gmtime_r(&seconds, &parts) == nullptr)
        return "unknown";
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::string text_of(const Json& object) {
    return object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace

Quarantine::Quarantine(std::string folder, std::uint64_t max_bytes, unsigned kept)
    : folder_(std::move(folder))
    , path_(folder_ + "/" + rejected_name)
    , max_bytes_(max_bytes)
    , kept_(kept) {}

std::optional<std::string> Quarantine::append(const Rejected& rejected) {
    auto wrong = append_objects(rejected);
    if (fd_ && ::fdatasync(fd_.get()) != 0 && !wrong)
        wrong = text::describe_file_error(path_, "syncing it", errno);
    fd_.reset();
    return wrong;
}

std::optional<std::string> Quarantine::append_objects(const Rejected& rejected) {
    if (auto wrong = open())
        return wrong;
    Json object{{"time", utc(rejected.time_ns)},
                {"server", rejected.server},
                {"status", rejected.status},
                {"error", rejected.message}};
    std::size_t named = 0;
    for (std::string_view rest = rejected.lines; !rest.empty(); ++named) {
        object["line"] = io::take_until(rest, '\n');
        if (auto wrong = write(text_of(object)))
            return wrong;
    }
    if (rejected.count <= named)
        return std::nullopt;
    object.erase("line");
    object["lines"] = rejected.count - named;
    return write(text_of(object));
}

std::optional<std::string> Quarantine::open() {
    if (std::string unsafe = why_unsafe(folder_); !unsafe.empty())
        return unsafe;
    // The folder may not exist: the spool creates it when it is needed.
    if (std::string missing = why_missing(folder_); !missing.empty())
        return missing;
    if (const int error = io::make_parent_folders(folder_); error != 0)
        return text::describe_file_error(folder_, "creating its parent folders", error);
    if (::mkdir(folder_.c_str(), folder_mode) != 0 && errno != EEXIST)
        return text::describe_file_error(folder_, "creating it", errno);
    // O_NONBLOCK: open() must not hang on a FIFO.
    fd_.reset(
        ::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, file_mode));
    struct stat status {};
    if (!fd_ || ::fstat(fd_.get(), &status) != 0)
        return text::describe_file_error(path_, "opening it", errno);
    if (!S_ISREG(status.st_mode) || status.st_nlink > 1) // a second name could be another program's
        return path_ + ": not a regular file with one name; remove it";
    bytes_ = static_cast<std::uint64_t>(status.st_size);
    char last = '\n';
    if (bytes_ > 0 && ::pread(fd_.get(), &last, 1, status.st_size - 1) == 1 && last != '\n')
        return put("\n"); // ends a line that a crash has cut
    return std::nullopt;
}

std::optional<std::string> Quarantine::write(std::string_view object) {
    if (bytes_ > 0 && bytes_ + object.size() > max_bytes_) {
        fd_.reset();
        if (const int error = io::rotate(path_, kept_); error != 0)
            return text::describe_file_error(path_, "rotating it", error);
        if (auto wrong = open())
            return wrong;
    }
    return put(object);
}

std::optional<std::string> Quarantine::put(std::string_view text) {
    const ssize_t written = ::write(fd_.get(), text.data(), text.size());
    if (written == static_cast<ssize_t>(text.size())) {
        bytes_ += text.size();
        return std::nullopt;
    }
    const int error = written < 0 ? errno : ENOSPC; // a short write: the disk is full
    static_cast<void>(!::ftruncate(fd_.get(), static_cast<off_t>(bytes_)));
    return text::describe_file_error(path_, "writing", error);
}

} // namespace lxcmon::spool
