// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/output/sink_factory.hpp"

#include "app/settings/bad_setting.hpp"
#include "deliver/array/array_file.hpp"
#include "deliver/csv/csv_folder.hpp"
#include "deliver/failover_sink.hpp"
#include "deliver/json_file.hpp"
#include "influx/client.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>
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
        destinations.push_back({std::move(sink), Feed::line_protocol, true});
    return destinations;
}

Destination make_printed(const DestinationSettings& settings) {
    deliver::JsonFileSettings file = settings.json_file;
    file.path = std::string(settings.prints_metrics ? "/dev/null"
                                                    : "-"); // g++ 12 warns wrongly of an assigned literal
    return {std::make_unique<deliver::JsonFile>(std::move(file)), Feed::line_protocol};
}

Destination make_json_file(const DestinationSettings& settings) {
    if (settings.has_snapshots())
        return {std::make_unique<deliver::ArrayFile>(settings.json_file), Feed::snapshots};
    return {std::make_unique<deliver::JsonFile>(settings.json_file), Feed::json_lines};
}

/// They take the format that a server or the JSON file has anyway: then no point is encoded for them alone.
Destination make_csv_files(const DestinationSettings& settings) {
    const bool has_lines = settings.has_server();
    return {std::make_unique<deliver::CsvFolder>(settings.csv, has_lines ? encode::Format::line_protocol
                                                                         : encode::Format::json_lines),
            has_lines ? Feed::line_protocol : Feed::json_lines};
}

std::vector<Destination> make_all(const DestinationSettings& settings) {
    std::vector<Destination> all;
    if (settings.dry_run)
        all.push_back(make_printed(settings));
    else if (settings.has_server())
        all = make_servers(settings);
    const std::size_t servers = all.size();
    if (settings.has_json_file())
        all.push_back(make_json_file(settings));
    if (settings.has_csv())
        all.push_back(make_csv_files(settings));
    for (std::size_t index = std::max<std::size_t>(servers, 1); index < all.size(); ++index)
        all[index].is_beside = true;
    return all;
}

} // namespace

void warn_of_insecure(const DestinationSettings& settings) {
    if (settings.has_server() && settings.influx.http.tls.insecure)
        spdlog::warn("--tls-insecure: the server's certificate is not verified; any server that answers gets "
                     "the credentials");
}

std::vector<Destination> make_destinations(const DestinationSettings& settings) {
    try {
        return make_all(settings);
    } catch (const std::invalid_argument& error) {
        throw app::BadSetting(std::string("lxcmon-push: ") + error.what());
    }
}

} // namespace lxcmon::push
