#include "push/status_line.hpp"

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

std::string where_to(const Config& config, const deliver::Target::Status& delivery, std::time_t now) {
    if (config.dry_run)
        return "printing (--dry-run)";
    if (!config.has_server())
        return "writing " + (config.json_file == "-" ? "to standard output" : config.json_file) +
               " (no --influx-url)";
    const std::string spool = delivery.spool_points == 0
                                  ? "spool empty"
                                  : std::to_string(delivery.spool_points) + " points in the spool";
    return last_delivery(delivery.counts.delivered_at, now) + "; " + spool;
}

} // namespace

std::string status_line(const Config& config, std::size_t containers, std::size_t troubled,
                        const deliver::Target::Status& delivery, std::time_t now) {
    std::string line = std::to_string(containers) + (containers == 1 ? " container" : " containers");
    if (troubled != 0)
        line += fmt::format(" ({} not sampled whole, see the log)", troubled);
    line += "; " + where_to(config, delivery, now);
    return delivery.trouble.empty() ? line : line + "; " + delivery.trouble;
}

} // namespace lxcmon::push
