// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"

#include <fcntl.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace lxcmon::test {

/// A temporary folder; the destructor removes it.
class TempFolder {
  public:
    explicit TempFolder(const std::string& parent = "/tmp")
        : path_(parent + "/lxcmon-unit-XXXXXX") {
        if (::mkdtemp(path_.data()) == nullptr)
            throw std::runtime_error("mkdtemp failed");
        fd_.reset(::open(path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    }
    ~TempFolder() { std::filesystem::remove_all(path_); }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    TempFolder(TempFolder&&) = delete;
    TempFolder& operator=(TempFolder&&) = delete;

    /// Overwrites a file in place, so that open descriptors see the new text; returns its path.
    std::string write(std::string_view name, std::string_view text) const {
        std::ofstream(path(name), std::ios::binary | std::ios::trunc) << text;
        return path(name);
    }
    [[nodiscard]] std::string path(std::string_view name) const { return path_ + "/" + std::string(name); }
    [[nodiscard]] int fd() const noexcept { return fd_.get(); }

  private:
    std::string path_;
    io::UniqueFd fd_;
};

} // namespace lxcmon::test
