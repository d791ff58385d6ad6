// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "deliver/settings.hpp"
#include "deliver/sink.hpp"
#include "deliver/stream_writer.hpp"
#include "io/unique_fd.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::deliver {

/// Appends lines to a file. A missing file is created with mode 0640, and the agent's own folder
/// with 0750 (io::make_parent_folders()). The file
/// contains a whole batch or no part of it. A file that is renamed or removed (logrotate) is created again;
/// symlinks are not followed. Also writes to pipes and devices; the process must ignore or block SIGPIPE.
class JsonFile final : public Sink {
  public:
    /// Throws std::invalid_argument if the path is empty or ends in a slash. Opens no file.
    explicit JsonFile(JsonFileSettings settings);

    [[nodiscard]] Verdict send(std::string_view lines) override;
    void set_deadline(std::chrono::steady_clock::time_point deadline) noexcept override;
    [[nodiscard]] std::vector<Finding> probe() override;
    [[nodiscard]] std::string name() const override { return is_stdout_ ? "stdout" : settings_.path; }

  private:
    [[nodiscard]] Verdict open();
    [[nodiscard]] Verdict append(std::string_view lines);
    [[nodiscard]] Verdict stream(int fd, std::string_view lines);
    [[nodiscard]] bool ends_in_torn_line() const;
    [[nodiscard]] Verdict failure(int error, std::string_view doing) const;
    [[nodiscard]] Finding probe_missing() const;
    /// Why it can't be made: a folder above it does not exist. Empty if it can.
    [[nodiscard]] std::string why_missing() const;

    JsonFileSettings settings_;
    bool is_stdout_;
    io::UniqueFd fd_;
    bool is_regular_ = false;
    StreamWriter stream_;
};

} // namespace lxcmon::deliver
