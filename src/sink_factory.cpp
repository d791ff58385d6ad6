#include "sink_factory.hpp"

#include "deliver/influx_client.hpp"
#include "deliver/json_file.hpp"

#include <stdexcept>

namespace lxcmon {
namespace {

std::unique_ptr<deliver::Sink> make_influx(const Config& config) {
    deliver::InfluxSettings settings;
    settings.url = config.influx_url;
    settings.database = config.influx_db;
    settings.user = config.influx_user;
    settings.password = config.influx_password;
    settings.token = config.influx_token;
    settings.org = config.influx_org;
    settings.bucket = config.influx_bucket;
    return std::make_unique<deliver::InfluxClient>(std::move(settings));
}

std::unique_ptr<deliver::Sink> make_file(const std::string& path, const Config& config) {
    deliver::JsonFileSettings settings;
    settings.path = path;
    settings.max_bytes = config.json_max_bytes;
    settings.kept = config.json_keep;
    return std::make_unique<deliver::JsonFile>(std::move(settings));
}

} // namespace

Destination make_destination(const Config& config) {
    try {
        if (config.dry_run)
            return {make_file("-", config), encode::Format::line_protocol};
        if (!config.influx_url.empty())
            return {make_influx(config), encode::Format::line_protocol};
        return {make_file(config.json_file, config), encode::Format::json_lines};
    } catch (const std::invalid_argument& error) {
        throw BadSetting(std::string("lxcmon-push: ") + error.what());
    }
}

} // namespace lxcmon
