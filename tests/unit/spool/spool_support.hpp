// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "spool/spool.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace lxcmon::test {

using spool::Settings;
using spool::Spool;

/// A folder for a spool, and a clock that tests set.
struct SpoolTest {
    TempFolder folder{"/dev/shm"}; // tmpfs: thousands of fdatasync() calls
    Settings settings;
    spool::Hooks hooks;
    std::int64_t now = 1'795'000'000'000'000'000; // 2026-11
    std::int64_t set_by = 0;                      ///< by how much a test has set the clock; else time passes

    SpoolTest() {
        settings.folder = folder.path("spool");
        hooks.now_ns = [this] { return now; };
        hooks.boot_ns = [this] { return now - set_by; };
    }

    [[nodiscard]] std::string path(const std::string& name) const { return settings.folder + "/" + name; }

    /// The sorted names in the spool's folder, without the lock.
    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> names;
        for (const auto& each : std::filesystem::directory_iterator(settings.folder))
            if (each.path().filename() != "lock")
                names.push_back(each.path().filename());
        std::ranges::sort(names);
        return names;
    }

    [[nodiscard]] std::string content(const std::string& name) const {
        const std::ifstream file(path(name), std::ios::binary);
        std::ostringstream text;
        text << file.rdbuf();
        return text.str();
    }

    /// Creates a file as if an earlier run or another program had left it.
    void write(const std::string& name, const std::string& text) const {
        std::filesystem::create_directories(settings.folder);
        std::ofstream(path(name), std::ios::binary) << text;
    }
};

using Names = std::vector<std::string>;

[[nodiscard]] inline std::set<std::string> lines_of(const std::string& text) {
    std::set<std::string> lines;
    std::istringstream input(text);
    for (std::string line; std::getline(input, line);)
        lines.insert(line);
    return lines;
}

/// `count` lines, numbered from `first` on.
inline std::string numbered_lines(std::size_t first, std::size_t count) {
    std::string lines;
    for (std::size_t number = first; number < first + count; ++number)
        lines += "lxc_cpu,container=c" + std::to_string(number) +
                 ",host=h usage_usec=" + std::to_string(number) + "i,usage_percent=1.5 1700000000000000000\n";
    return lines;
}

inline Batch numbered_batch(std::size_t first, std::size_t count) {
    return {numbered_lines(first, count), count};
}

/// The same lines as JSON Lines (docs/measurements.md).
inline std::string numbered_json(std::size_t first, std::size_t count) {
    std::string lines;
    for (std::size_t number = first; number < first + count; ++number)
        lines += "{\"fields\":{\"usage_usec\":" + std::to_string(number) +
                 ",\"usage_percent\":1.5},\"name\":\"lxc_cpu\",\"tags\":{\"container\":\"c" +
                 std::to_string(number) + "\",\"host\":\"h\"},\"timestamp\":1700000000000000000}\n";
    return lines;
}

/// Appends a batch, and requires success.
inline spool::Entry append(Spool& spool, const Batch& batch) {
    const auto appended = spool.append(batch);
    REQUIRE(appended.why == "");
    REQUIRE(appended.entry);
    return *appended.entry;
}

inline std::size_t lines_in(const std::string& text) {
    return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

/// Returns and accepts all lines of the spool.
inline std::string drain(Spool& spool) {
    std::string lines;
    while (const Batch* batch = spool.begin()) {
        lines += batch->body;
        spool.accept();
    }
    return lines;
}

/// The uncompressed content of a gzip file.
inline std::string unpacked(const std::string& path) {
    std::string text;
    std::array<char, 4096> piece{};
    const gzFile file = ::gzopen(path.c_str(), "rb");
    REQUIRE(file != nullptr);
    for (int size = 0; (size = ::gzread(file, piece.data(), piece.size())) > 0;)
        text.append(piece.data(), static_cast<std::size_t>(size));
    CHECK(::gzdirect(file) == 0);
    CHECK(::gzclose(file) == Z_OK);
    return text;
}

inline std::string packed(const std::string& text) {
    const TempFolder folder;
    const gzFile file = ::gzopen(folder.path("f").c_str(), "wb");
    REQUIRE(::gzwrite(file, text.data(), static_cast<unsigned>(text.size())) ==
            static_cast<int>(text.size()));
    REQUIRE(::gzclose(file) == Z_OK);
    std::ostringstream bytes;
    bytes << std::ifstream(folder.path("f"), std::ios::binary).rdbuf();
    return bytes.str();
}

inline struct stat status_of(const std::string& path) {
    struct stat status {};
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    return status;
}

inline mode_t mode_of(const std::string& path) {
    return status_of(path).st_mode & 07777U;
}

} // namespace lxcmon::test
