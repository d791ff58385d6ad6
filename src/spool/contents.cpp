// SPDX-License-Identifier: GPL-2.0-or-later
#include "spool/contents.hpp"

#include "text/printable.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

namespace lxcmon::spool {
namespace {

struct CloseFolder {
    void operator()(DIR* folder) const noexcept { ::closedir(folder); }
};
using OpenFolder = std::unique_ptr<DIR, CloseFolder>;

std::int64_t mtime_of(const struct stat& status) noexcept {
    return std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
}

bool stat_file(const Folder& folder, const char* name, struct stat& status) noexcept {
    return ::fstatat(folder.fd(), name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode);
}

/// Lines of a segment that an earlier run has not gzipped: its name has no number of lines.
std::uint64_t count_lines(const Folder& folder, const std::string& name) {
    const io::UniqueFd fd = folder.open_file(name, O_RDONLY);
    auto buffer = std::make_unique<std::array<char, 65536>>();
    std::uint64_t lines = 0;
    for (;;) {
        const ssize_t size = ::read(fd.get(), buffer->data(), buffer->size());
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0)
            return lines;
        lines += static_cast<std::uint64_t>(std::count(buffer->begin(), buffer->begin() + size, '\n'));
    }
}

/// All files that are, or could be, the spool's. Ignores everything except regular files.
class FolderScan {
  public:
    FolderScan(const Folder& folder, Contents& contents)
        : folder_(folder)
        , contents_(contents) {}

    void add(const std::string& name) {
        // Higher numbers could overflow. Writer::start() finds out that a name is taken.
        constexpr std::uint64_t highest_number = 100'000'000'000'000'000;
        if (const std::uint64_t number = number_of_name(name); number < highest_number)
            contents_.next_number = std::max(contents_.next_number, number + 1);
        struct stat status {};
        if (!stat_file(folder_, name.c_str(), status) || name == Folder::lock_name || name == rejected_name ||
            name == old_rejected_name || name == owner_name)
            return;
        if (name == temporary_name(number_of_name(name)))
            return remove(name);
        auto segment = segment_of_name(name);
        if (!segment)
            return add_unexpected(name, status);
        if (status.st_size == 0 && !segment->is_gzip)
            return remove(name);
        segment->bytes = static_cast<std::uint64_t>(status.st_size);
        segment->mtime_ns = mtime_of(status);
        contents_.segments.push_back(std::move(*segment));
    }

    void finish() {
        auto& segments = contents_.segments;
        std::ranges::sort(segments, [](const Segment& a, const Segment& b) {
            return a.number != b.number ? a.number < b.number : a.name < b.name;
        });
        std::ranges::sort(contents_.bad, {}, &BadFile::mtime_ns);
        drop_duplicates();
        for (Segment& each : segments)
            if (!each.is_gzip)
                each.lines = count_lines(folder_, each.name);
    }

  private:
    /// Removes the plain file of a segment that also has a gzipped file: the crash came between the two
    /// steps.
    void drop_duplicates() {
        std::vector<Segment> kept; // also sorted by name: the gzipped file comes first
        for (Segment& each : contents_.segments) {
            if (!each.is_gzip && !kept.empty() && kept.back().is_gzip && kept.back().number == each.number)
                remove(each.name);
            else
                kept.push_back(std::move(each));
        }
        contents_.segments = std::move(kept);
    }

    void remove(const std::string& name) {
        if (const int error = folder_.remove(name); error != 0)
            spdlog::warn("spool: {}", folder_.message(name, "removing a leftover of a crash", error));
    }

    void add_unexpected(const std::string& name, const struct stat& status) {
        if (name.ends_with(".bad")) {
            contents_.bad.push_back({name, static_cast<std::uint64_t>(status.st_size), mtime_of(status)});
            return;
        }
        const std::string kept = set_aside(folder_, name);
        if (kept.empty()) {
            spdlog::warn(
                "spool: {}",
                folder_.message(name, "unexpected file in the spool folder, can't be renamed", errno));
            return;
        }
        spdlog::warn("spool: {}: unexpected file in the spool folder; renamed to {}",
                     folder_.path() + "/" + text::printable(name), text::printable(kept));
        contents_.bad.push_back({kept, static_cast<std::uint64_t>(status.st_size), mtime_of(status)});
    }

    const Folder& folder_;
    Contents& contents_;
};

} // namespace

std::optional<std::string> read_contents(const Folder& folder, Contents& contents) {
    io::UniqueFd fd = folder.open_file(".", O_RDONLY | O_DIRECTORY);
    const OpenFolder entries(fd ? ::fdopendir(fd.get()) : nullptr);
    if (!entries)
        return folder.message("", "reading the folder", errno);
    static_cast<void>(fd.release()); // owned by the DIR now
    // Read all names first: a file renamed during readdir() could appear again.
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(entries.get())) {
        names.emplace_back(static_cast<const char*>(entry->d_name));
        errno = 0;
    }
    if (errno != 0)
        return folder.message("", "reading the folder", errno);
    FolderScan scan(folder, contents);
    for (const std::string& name : names)
        scan.add(name);
    scan.finish();
    return std::nullopt;
}

std::string set_aside(const Folder& folder, const std::string& name) {
    constexpr int most_tries = 1000;
    for (int attempt = 1; attempt <= most_tries; ++attempt) {
        std::string kept = name + (attempt == 1 ? "" : "." + std::to_string(attempt)) + ".bad";
        const int error = folder.rename_to_new(name, kept);
        if (error == 0)
            return kept;
        errno = error;
        if (error != EEXIST)
            break;
    }
    return {};
}

std::optional<BadFile> inspect_bad(const Folder& folder, const std::string& name) {
    struct stat status {};
    if (!stat_file(folder, name.c_str(), status))
        return std::nullopt;
    return BadFile{name, static_cast<std::uint64_t>(status.st_size), mtime_of(status)};
}

std::uint64_t rejected_bytes(const Folder& folder) noexcept {
    std::uint64_t bytes = 0;
    struct stat status {};
    for (const char* name : {rejected_name, old_rejected_name})
        if (stat_file(folder, name, status))
            bytes += static_cast<std::uint64_t>(status.st_size);
    return bytes;
}

} // namespace lxcmon::spool
