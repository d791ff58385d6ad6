// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace lxcmon::test {

/// A line of a fixture's containers.tsv.
struct CapturedContainer {
    std::string name;
    std::string init_pid;
    std::string state;
};

/// A captured tree below tests/fixtures (see its README.md).
class Fixture {
  public:
    /// `name`: "v2", "broken/max". Throws if it does not exist or has no container.
    explicit Fixture(const std::string& name);

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] const std::filesystem::path& directory() const noexcept { return directory_; }
    [[nodiscard]] int root_fd() const noexcept { return root_.get(); }
    [[nodiscard]] const std::vector<CapturedContainer>& containers() const noexcept { return containers_; }
    [[nodiscard]] const CapturedContainer& container(const std::string& name) const;
    /// Text of a file; `path` is relative to the captured root.
    [[nodiscard]] std::string text(const std::string& path) const;
    /// CLOCK_BOOTTIME at the capture.
    [[nodiscard]] std::int64_t boottime_ns() const;

  private:
    std::string name_;
    std::filesystem::path directory_;
    io::UniqueFd root_;
    std::vector<CapturedContainer> containers_;
};

/// v1, v2, hybrid and all of broken/. Throws if broken/ is empty.
[[nodiscard]] std::vector<std::string> fixture_names();

/// Reads a whole file; throws if it can't be read.
[[nodiscard]] std::string text_of_file(const std::filesystem::path& path);

} // namespace lxcmon::test
