// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/finding.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

namespace lxcmon::expose {

/// Keeps the newest text in a file that others read at any time, or writes each text to stdout ("-"). A
/// thread of its own does all disk work. The file is written beside its place and renamed: a reader sees a
/// whole text. Its mode is 0644. publish() logs the beginning and the end of a problem: the thread itself
/// does not log. One thread at a time; SIGPIPE must be ignored.
class MetricsFile {
  public:
    /// Starts the thread; throws std::system_error if it can't. Opens no file.
    explicit MetricsFile(std::string path);
    /// Ends as finish() with a short time.
    ~MetricsFile();
    MetricsFile(const MetricsFile&) = delete;
    MetricsFile& operator=(const MetricsFile&) = delete;
    MetricsFile(MetricsFile&&) = delete;
    MetricsFile& operator=(MetricsFile&&) = delete;

    /// Gives the thread a text to write. Never waits: a text that is not written yet is replaced.
    void publish(std::string text);

    enum class End { keep, remove };
    /// Ends the thread once the last text is written, and removes the file if `end` says so, and no other
    /// agent has replaced it. False if the
    /// last text is not written, or the disk or reader does not answer in time: the thread is then left
    /// behind.
    bool finish(End end, std::chrono::milliseconds limit);

    /// For `check`: can the file be written? Writes nothing.
    [[nodiscard]] static Finding probe(const std::string& path);

  private:
    struct Shared;
    static void run(const std::shared_ptr<Shared>& shared);
    void log_state();

    std::shared_ptr<Shared> shared_; ///< with the thread, which may outlive this object
    std::string logged_;             ///< the problem that was logged; empty: none
    std::thread thread_;
};

/// Tells a file from one that has replaced it.
struct FileVersion {
    std::uint64_t device = 0, inode = 0; ///< 0: no file
    std::int64_t modified_ns = 0;

    friend bool operator==(const FileVersion&, const FileVersion&) = default;
};

/// Of the file that is at `path`.
[[nodiscard]] FileVersion version_of(const std::string& path);

/// Writes a text to a file beside `path`, which only this thread has, and renames it. Returns what is wrong,
/// with the path; empty: it is written, and `version` is of the new file. Blocks.
[[nodiscard]] std::string replace_file(const std::string& path, const std::string& text,
                                       FileVersion& version);

/// Removes the file if it is that version, and replace_file() could replace it; errors are ignored.
void remove_file(const std::string& path, const FileVersion& version);

/// Removes the files beside `path` that threads which have ended have left there; errors are ignored.
void remove_left_over(const std::string& path);

} // namespace lxcmon::expose
