// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/sink_factory.hpp"

#include "app/settings/bad_setting.hpp"
#include "deliver/array/array_file.hpp"
#include "deliver/csv/csv_folder.hpp"
#include "deliver/failover_sink.hpp"
#include "deliver/json_file.hpp"
#include "influx/client.hpp"

#include <spdlog/spdlog.h>

#include <stdexcept>
#include <utility>

namespace lxcmon::push {
namespace {

std::unique_ptr<deliver::Sink> make_influx(influx::Settings settings, const std::string& url) {
    settings.url = url;
    return std::make_unique<influx::Client>(std::move(settings));
}

std::vector<Destination> make_servers(const DestinationSettings& settings) {
    std::vector<std::unique_ptr<deliver::Sink>> sinks;
    for (const std::string& url : settings.influx_urls)
        sinks.push_back(make_influx(settings.influx, url));
    if (settings.influx_mode == "failover" && sinks.size() > 1) {
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

std::vector<Destination> make_file(const DestinationSettings& settings) {
    deliver::JsonFileSettings file = settings.json_file;
    if (settings.dry_run)
        file.path = std::string(settings.prints_metrics ? "/dev/null"
                                                        : "-"); // g++ 12 warns wrongly of an assigned literal
    std::vector<Destination> destinations;
    if (settings.has_snapshots()) {
        destinations.push_back(
            {std::make_unique<deliver::ArrayFile>(std::move(file)), encode::Format::json_lines});
        return destinations;
    }
    destinations.push_back({std::make_unique<deliver::JsonFile>(std::move(file)),
                            settings.dry_run ? encode::Format::line_protocol : encode::Format::json_lines});
    return destinations;
}

} // namespace

void warn_of_insecure(const DestinationSettings& settings) {
    if (settings.has_server() && settings.influx.http.tls.insecure)
        spdlog::warn("--tls-insecure: the server's certificate is not verified; any server that answers gets "
                     "the credentials");
}

std::vector<Destination> make_destinations(const DestinationSettings& settings) {
    try {
        std::vector<Destination> destinations =
            settings.has_server() ? make_servers(settings) : make_file(settings);
        const encode::Format format = destinations.front().format;
        if (settings.has_csv())
            destinations.push_back(
                {std::make_unique<deliver::CsvFolder>(settings.csv, format), format, true});
        return destinations;
    } catch (const std::invalid_argument& error) {
        throw app::BadSetting(std::string("lxcmon-push: ") + error.what());
    }
}

} // namespace lxcmon::push
