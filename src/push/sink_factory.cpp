#include "push/sink_factory.hpp"

#include "app/settings/bad_setting.hpp"
#include "deliver/failover_sink.hpp"
#include "deliver/json_file.hpp"
#include "influx/api.hpp"
#include "influx/client.hpp"

#include <spdlog/spdlog.h>

#include <stdexcept>
#include <utility>

namespace lxcmon::push {
namespace {

std::unique_ptr<deliver::Sink> make_influx(const Config& config, const std::string& url) {
    influx::Settings settings;
    settings.url = url;
    settings.api = influx::api_of_name(config.influx_api).value_or(influx::Api::automatic);
    settings.database = config.influx_db;
    settings.retention_policy = config.influx_retention_policy;
    settings.user = config.influx_user;
    settings.password = config.influx_password;
    settings.token = config.influx_token;
    settings.org = config.influx_org;
    settings.bucket = config.influx_bucket;
    settings.gzip = config.influx_gzip;
    settings.create_database = config.influx_create_db;
    settings.headers = config.influx_headers;
    settings.proxy = config.influx_proxy;
    settings.tls = {config.tls_ca, config.tls_cert, config.tls_key, config.tls_insecure};
    return std::make_unique<influx::Client>(std::move(settings));
}

std::vector<Destination> make_servers(const Config& config) {
    if (config.tls_insecure)
        spdlog::warn("--tls-insecure: whoever answers is taken for the server, and gets its credentials");
    std::vector<std::unique_ptr<deliver::Sink>> sinks;
    for (const std::string& url : config.influx_urls)
        sinks.push_back(make_influx(config, url));
    if (config.influx_mode == "failover" && sinks.size() > 1) {
        auto failover = std::make_unique<deliver::FailoverSink>(std::move(sinks));
        sinks.clear();
        sinks.push_back(std::move(failover));
    }
    std::vector<Destination> destinations;
    destinations.reserve(sinks.size());
    for (auto& sink : sinks)
        destinations.push_back({std::move(sink), encode::Format::line_protocol});
    return destinations;
}

std::unique_ptr<deliver::Sink> make_file(const std::string& path, const Config& config) {
    deliver::JsonFileSettings settings;
    settings.path = path;
    settings.max_bytes = config.json_max_bytes;
    settings.kept = config.json_keep;
    return std::make_unique<deliver::JsonFile>(std::move(settings));
}

} // namespace

std::vector<Destination> make_destinations(const Config& config) {
    try {
        if (config.has_server())
            return make_servers(config);
        std::vector<Destination> file;
        if (config.dry_run)
            file.push_back({make_file("-", config), encode::Format::line_protocol});
        else
            file.push_back({make_file(config.json_file, config), encode::Format::json_lines});
        return file;
    } catch (const std::invalid_argument& error) {
        throw app::BadSetting(std::string("lxcmon-push: ") + error.what());
    }
}

} // namespace lxcmon::push
