// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "app/log_settings.hpp"
#include "io/unique_fd.hpp"
#include "model/finding.hpp"

#include <spdlog/sinks/base_sink.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace lxcmon::app {

/// The log file, and its rotation. spdlog's own sinks follow symbolic links: a user's link would have root
/// make and write any file.
class LogFile : public spdlog::sinks::base_sink<std::mutex> {
  public:
    /// Makes the file, and of missing folders only /var/log/lxcmon-push. Throws std::runtime_error.
    explicit LogFile(const LogSettings& settings);

  protected:
    void sink_it_(const spdlog::details::log_msg& message) override;
    void flush_() override {}

  private:
    void open();
    void write(std::string_view line);

    std::string path_;
    std::uint64_t max_bytes_;
    unsigned keep_;
    io::UniqueFd fd_;
    std::uint64_t bytes_ = 0;
    bool is_regular_ = false;
};

/// For the command `check`, which makes no file: whether the log file can be used.
[[nodiscard]] Finding probe_log_file(const std::string& path);

} // namespace lxcmon::app
