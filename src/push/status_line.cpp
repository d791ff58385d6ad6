// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/status_line.hpp"

#include "text/counted.hpp"

#include <fmt/chrono.h>

namespace lxcmon::push {
namespace {

std::string last_delivery(std::time_t when, std::time_t now) {
    if (when == 0)
        return "nothing delivered yet";
    const std::string day = fmt::format("{:%F}", fmt::localtime(when));
    const std::string time = fmt::format("{:%T}", fmt::localtime(when));
    const bool is_today = day == fmt::format("{:%F}", fmt::localtime(now));
    return "last delivery " + (is_today ? time : day + " " + time);
}

std::string destination_text(const DestinationSettings& settings, const deliver::Target::Status& delivery,
                             std::time_t now) {
    if (settings.dry_run)
        return "printing (--dry-run)";
    if (!settings.has_server())
        return "writing " +
               (settings.json_file.path == "-" ? "to standard output" : settings.json_file.path) +
               " (no --influx-url)";
    const std::string spool = delivery.spool_points == 0
                                  ? "spool empty"
                                  : text::counted(delivery.spool_points, "point") + " in the spool";
    return last_delivery(delivery.counts.delivered_at, now) + "; " + spool;
}

} // namespace

std::string status_line(const DestinationSettings& settings, std::size_t containers, std::size_t troubled,
                        const deliver::Target::Status& delivery, std::time_t now) {
    std::string line = text::counted(containers, "container");
    if (troubled != 0)
        line += fmt::format(" ({} incomplete, see the log)", troubled);
    line += "; " + destination_text(settings, delivery, now);
    return delivery.trouble.empty() ? line : line + "; " + delivery.trouble;
}

} // namespace lxcmon::push
