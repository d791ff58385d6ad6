// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/log.hpp"

#include "app/log_file.hpp"
#include "app/settings/bad_setting.hpp"
#include "text/printable.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>

namespace lxcmon::app {
namespace {

/// %P in a pattern: the priority of the line for the journal, for example <4>.
class PriorityFlag : public spdlog::custom_flag_formatter {
  public:
    void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
        const std::string_view prefix = prefix_of(message.level);
        out.append(prefix.data(), prefix.data() + prefix.size());
    }

    [[nodiscard]] std::unique_ptr<spdlog::custom_flag_formatter> clone() const override {
        return std::make_unique<PriorityFlag>();
    }

  private:
    static std::string_view prefix_of(spdlog::level::level_enum level) noexcept {
        switch (level) {
        case spdlog::level::critical:
            return SD_CRIT;
        case spdlog::level::err:
            return SD_ERR;
        case spdlog::level::warn:
            return SD_WARNING;
        case spdlog::level::info:
            return SD_INFO;
        default:
            return SD_DEBUG;
        }
    }
};

/// %* in a pattern: the message on one line, optionally quoted for JSON.
class MessageFlag : public spdlog::custom_flag_formatter {
  public:
    explicit MessageFlag(bool as_json)
        : as_json_(as_json) {}

    void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
        const std::string_view payload(message.payload.data(), message.payload.size());
        std::string text = text::printable(payload, std::string::npos, ' ');
        if (as_json_)
            text = nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
        out.append(text.data(), text.data() + text.size());
    }

    [[nodiscard]] std::unique_ptr<spdlog::custom_flag_formatter> clone() const override {
        return std::make_unique<MessageFlag>(as_json_);
    }

  private:
    bool as_json_;
};

bool stderr_is_journal() noexcept {
    return goes_to_journal(STDERR_FILENO, std::getenv("JOURNAL_STREAM"));
}

LogSettings& settings_in_force() noexcept {
    static LogSettings settings;
    return settings;
}

spdlog::sink_ptr make_sink(const std::string& program, const LogSettings& settings) {
    if (settings.file.empty())
        return std::make_shared<spdlog::sinks::stderr_sink_mt>();
    try {
        return std::make_shared<LogFile>(settings);
    } catch (const std::runtime_error& error) {
        throw BadSetting(program + ": --log-file: " + error.what());
    }
}

} // namespace

bool goes_to_journal(int fd, const char* journal_stream) noexcept {
    unsigned long device = 0;
    unsigned long inode = 0;
    struct stat place {};
    return journal_stream != nullptr && std::sscanf(journal_stream, "%lu:%lu", &device, &inode) == 2 &&
           ::fstat(fd, &place) == 0 && place.st_dev == device && place.st_ino == inode;
}

void print_error(std::string_view text) {
    std::fprintf(stderr, "%s%.*s\n", stderr_is_journal() ? SD_ERR : "", static_cast<int>(text.size()),
                 text.data());
}

void set_up_log(const std::string& program, const LogSettings& settings) {
    const bool as_json = settings.format == "json";
    auto formatter = std::make_unique<spdlog::pattern_formatter>();
    formatter->add_flag<MessageFlag>('*', as_json);
    formatter->add_flag<PriorityFlag>('P');
    const bool for_journal = settings.file.empty() && stderr_is_journal();
    const std::string text = for_journal ? "%l: %*" : "%Y-%m-%d %H:%M:%S.%e %l: %*";
    const std::string json = R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","message":%*})";
    formatter->set_pattern((for_journal ? "%P" : "") + (as_json ? json : text));
    auto logger = std::make_shared<spdlog::logger>(program, make_sink(program, settings));
    logger->set_formatter(std::move(formatter));
    logger->set_level(spdlog::level::from_str(settings.level == "warn" ? "warning" : settings.level));
    logger->flush_on(spdlog::level::trace);
    spdlog::set_default_logger(std::move(logger));
    settings_in_force() = settings;
}

const LogSettings& log_settings() noexcept {
    return settings_in_force();
}

} // namespace lxcmon::app
