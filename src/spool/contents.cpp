// SPDX-License-Identifier: GPL-2.0-or-later
#include "spool/contents.hpp"

#include "io/kernel_file.hpp"
#include "spool/owner.hpp"
#include "text/counted.hpp"
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

std::uint64_t size_of(const struct stat& status) noexcept {
    return static_cast<std::uint64_t>(status.st_size);
}

bool stat_file(const Folder& folder, const char* name, struct stat& status) noexcept {
    return ::fstatat(folder.fd(), name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode);
}

/// Lines of a segment that an earlier run has not gzipped: its name has no number of lines.
std::uint64_t count_lines(const Folder& folder, const std::string& name) {
    const io::UniqueFd fd = folder.open_file(name, O_RDONLY);
    auto buffer = std::make_unique<std::array<char, 65536>>();
    std::uint64_t lines = 0;
    for (std::uint64_t bytes = 0;;) {
        const ssize_t size = ::read(fd.get(), buffer->data(), buffer->size());
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0 || bytes > most_segment_bytes) // the Reader reads no more, either
            return lines;
        bytes += static_cast<std::uint64_t>(size);
        lines += static_cast<std::uint64_t>(std::count(buffer->begin(), buffer->begin() + size, '\n'));
    }
}

/// A file that the spool has under a fixed name.
bool is_fixed_name(const std::string& name) noexcept {
    return name == Folder::lock_name || name == owner_name || name == rejected_name ||
           name == old_rejected_name;
}

/// A file that only a crash leaves.
bool is_temporary_name(const std::string& name) {
    return name == temporary_name(number_of_name(name)) || name == owner_temporary_name;
}

/// Reads all names of the folder before any is changed: a file renamed during readdir() could appear again.
/// Returns 0 or an errno.
int read_names(io::UniqueFd folder, std::vector<std::string>& names) {
    names.clear();
    const OpenFolder entries(folder ? ::fdopendir(folder.get()) : nullptr);
    if (!entries)
        return errno;
    static_cast<void>(folder.release()); // owned by the DIR now
    errno = 0;
    while (const dirent* entry = ::readdir(entries.get())) {
        names.emplace_back(static_cast<const char*>(entry->d_name));
        errno = 0;
    }
    return errno;
}

/// Sorts the files of a folder into those of the spool, by their exact names, and other programs' files.
class FolderScan {
  public:
    FolderScan(const Folder& folder, Contents& contents)
        : folder_(folder)
        , contents_(contents) {}

    void add(const std::string& name) {
        auto segment = segment_of_name(name);
        const bool is_bad = is_bad_name(name);
        const bool is_temporary = is_temporary_name(name);
        if (segment || is_bad || is_temporary)
            skip_number(number_of_name(name));
        struct stat status {};
        if (::fstatat(folder_.fd(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 ||
            S_ISDIR(status.st_mode))
            return;
        const bool is_ours = segment || is_bad || is_temporary || is_fixed_name(name);
        if (!is_ours || !S_ISREG(status.st_mode))
            return note_foreign(name);
        if (is_temporary || (segment && status.st_size == 0 && !segment->is_gzip))
            return remove(name);
        if (is_bad)
            contents_.bad.push_back({name, size_of(status), mtime_of(status)});
        if (!segment)
            return;
        segment->bytes = size_of(status);
        segment->mtime_ns = mtime_of(status);
        contents_.segments.push_back(std::move(*segment));
    }

    void finish() {
        auto& segments = contents_.segments;
        std::ranges::sort(segments, [](const Segment& a, const Segment& b) {
            return a.number != b.number ? a.number < b.number : a.name < b.name;
        });
        std::ranges::sort(contents_.bad, {}, &BadFile::mtime_ns);
        log_foreign();
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

    /// Higher numbers could overflow. Writer::start() finds out that a name is taken.
    void skip_number(std::uint64_t number) noexcept {
        constexpr std::uint64_t highest_number = 100'000'000'000'000'000;
        if (number < highest_number)
            contents_.next_number = std::max(contents_.next_number, number + 1);
    }

    void note_foreign(const std::string& name) {
        ++foreign_;
        if (foreign_name_.empty() || name < foreign_name_)
            foreign_name_ = name;
    }

    void log_foreign() const {
        if (foreign_ > 0)
            spdlog::warn("spool: {}: {} left alone, such as {}; expected a folder of its own (--spool-dir)",
                         folder_.path(),
                         text::counted(foreign_, "file that is not the spool's is",
                                       "files that are not the spool's are"),
                         text::printable(foreign_name_));
    }

    const Folder& folder_;
    Contents& contents_;
    std::uint64_t foreign_ = 0;
    std::string foreign_name_; ///< the first of them
};

} // namespace

std::optional<std::string> read_contents(const Folder& folder, Contents& contents) {
    std::vector<std::string> names;
    if (const int error = read_names(folder.open_file(".", O_RDONLY | O_DIRECTORY), names); error != 0)
        return folder.message("", "reading the folder", error);
    FolderScan scan(folder, contents);
    for (const std::string& name : names)
        scan.add(name);
    scan.finish();
    return std::nullopt;
}

std::vector<std::string> folders_with_segments(const std::string& path) {
    constexpr int flags = O_DIRECTORY | O_NOFOLLOW;
    const io::UniqueFd folder = io::open_below(AT_FDCWD, path.c_str(), O_DIRECTORY);
    std::vector<std::string> names, inner, found;
    static_cast<void>(read_names(io::open_below(folder.get(), ".", flags), names)); // to its end or an error
    std::erase_if(names, [](const std::string& name) { return name == "." || name == ".."; });
    for (const std::string& name : names) {
        static_cast<void>(read_names(io::open_below(folder.get(), name.c_str(), flags), inner));
        if (std::ranges::any_of(inner, [](const auto& file) { return segment_of_name(file).has_value(); }))
            found.push_back(name);
    }
    std::ranges::sort(found);
    return found;
}

std::optional<BadFile> inspect_bad(const Folder& folder, const std::string& name) {
    struct stat status {};
    if (!stat_file(folder, name.c_str(), status))
        return std::nullopt;
    return BadFile{name, size_of(status), mtime_of(status)};
}

std::uint64_t rejected_bytes(const Folder& folder) noexcept {
    std::uint64_t bytes = 0;
    struct stat status {};
    for (const char* name : {rejected_name, old_rejected_name})
        if (stat_file(folder, name, status))
            bytes += size_of(status);
    return bytes;
}

} // namespace lxcmon::spool
