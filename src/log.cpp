#include "log.hpp"

#include "encode/text.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

namespace lxcmon {
namespace {

/// %* in a pattern: the message on one line, quoted for JSON where that is wanted.
class MessageFlag : public spdlog::custom_flag_formatter {
  public:
    explicit MessageFlag(bool as_json)
        : as_json_(as_json) {}

    void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
        std::string text(message.payload.data(), message.payload.size());
        for (char& c : text)
            if (encode::is_control(c))
                c = ' ';
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

spdlog::sink_ptr make_sink(const Config& config) {
    if (config.log_file.empty())
        return std::make_shared<spdlog::sinks::stderr_sink_mt>();
    try {
        return std::make_shared<spdlog::sinks::rotating_file_sink_mt>(config.log_file, config.log_max_bytes,
                                                                      config.log_keep);
    } catch (const spdlog::spdlog_ex& error) {
        throw BadSetting("lxcmon-push: --log-file: '" + config.log_file + "' can't be opened: " +
                         error.what() + "; expected a file in a folder that can be written");
    }
}

} // namespace

void set_up_log(const Config& config) {
    const bool as_json = config.log_format == "json";
    auto formatter = std::make_unique<spdlog::pattern_formatter>();
    formatter->add_flag<MessageFlag>('*', as_json);
    formatter->set_pattern(as_json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","message":%*})"
                                   : "%Y-%m-%d %H:%M:%S.%e %l: %*");
    auto logger = std::make_shared<spdlog::logger>("lxcmon-push", make_sink(config));
    logger->set_formatter(std::move(formatter));
    logger->set_level(spdlog::level::from_str(config.log_level == "warn" ? "warning" : config.log_level));
    logger->flush_on(spdlog::level::trace);
    spdlog::set_default_logger(std::move(logger));
}

} // namespace lxcmon
