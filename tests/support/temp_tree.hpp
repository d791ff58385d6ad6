// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"

#include <fcntl.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace lxcmon::test {

/// A temporary root tree, new or a copy of a captured one; the destructor removes it.
class TempTree {
  public:
    TempTree() {
        std::string path = (std::filesystem::temp_directory_path() / "lxcmon-test-XXXXXX").string();
        if (::mkdtemp(path.data()) == nullptr)
            throw std::runtime_error("mkdtemp");
        path_ = path;
        fd_.reset(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    }
    /// Copies `original`, with links as links.
    explicit TempTree(const std::filesystem::path& original)
        : TempTree() {
        constexpr auto how =
            std::filesystem::copy_options::recursive | std::filesystem::copy_options::copy_symlinks;
        std::filesystem::copy(original, path_, how);
    }
    ~TempTree() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempTree(const TempTree&) = delete;
    TempTree& operator=(const TempTree&) = delete;

    void write(const std::string& path, std::string_view text) const {
        std::filesystem::create_directories((path_ / path).parent_path());
        std::ofstream file(path_ / path, std::ios::binary);
        if (!(file << text).flush())
            throw std::runtime_error("can't write " + path);
    }
    /// Throws if `path` does not exist.
    void remove(const std::string& path) const {
        if (std::filesystem::remove_all(path_ / path) == 0)
            throw std::runtime_error("nothing to remove at " + path);
    }

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    [[nodiscard]] int fd() const noexcept { return fd_.get(); }

  private:
    std::filesystem::path path_;
    io::UniqueFd fd_;
};

} // namespace lxcmon::test
