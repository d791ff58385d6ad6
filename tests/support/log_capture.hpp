// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <sstream>
#include <string>
#include <utility>

namespace lxcmon::test {

/// Captures spdlog's default logger while this object lives: lines of "level message".
class LogCapture {
  public:
    LogCapture()
        : before_(spdlog::default_logger()) {
        auto logger = std::make_shared<spdlog::logger>(
            "captured", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_));
        logger->set_pattern("%l %v");
        spdlog::set_default_logger(std::move(logger));
    }
    ~LogCapture() { spdlog::set_default_logger(std::move(before_)); }
    LogCapture(const LogCapture&) = delete;
    LogCapture& operator=(const LogCapture&) = delete;

    /// The log since the last call.
    [[nodiscard]] std::string take() {
        std::string said = text_.str();
        text_.str("");
        return said;
    }

  private:
    std::ostringstream text_;
    std::shared_ptr<spdlog::logger> before_;
};

} // namespace lxcmon::test
